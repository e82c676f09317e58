"""What the host itself must be able to send: mail, name look-ups, the web, the time, and answers to its guests.

Refused by default or by a line is the same fault. Port 80 alone may be shut, as what a mail server fetches comes by 443
as well.

Invariant: a service that gets out to any address at all, a relay or a resolver, is let out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.model import Step
from zimlint.packets import TCP, UDP, Family, Packet, parse_address
from zimlint.questions.case import Case, View, switched_off
from zimlint.questions.findings import finding
from zimlint.questions.flows import OUTSIDER, decider, serves
from zimlint.questions.openings import ENOUGH, EPHEMERAL, TUNNELS, broad, within
from zimlint.questions.witness import SOURCE_PORT
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision, decide_outgoing
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.program import interface_names, interface_patterns
from zimlint.semantics.replay import replay_outgoing

_HERE = "192.0.2.25"
_SERVED = (25, 443, 80, 465, 587, 993, 995, 22)


class _Need(NamedTuple):
    """Something that a mail server sends: its usual port, and others that do where lines let those out by number."""

    words: str
    role: str
    usual: tuple[int, int]
    others: tuple[tuple[int, int], ...]


_NEEDS = (
    # a host that relays all its mail to another hands it over by submission
    _Need("mail to other servers (25/tcp)", "mta", (TCP, 25), ((TCP, 465), (TCP, 587))),
    _Need("name look-ups (53/udp)", "", (UDP, 53), ((TCP, 53), (TCP, 853))),
    # updates of the system, of ClamAV and SpamAssassin; by a web proxy, too
    _Need("web requests (80/tcp, 443/tcp)", "", (TCP, 443), ((TCP, 80), (TCP, 3128), (TCP, 8080))),
    _Need("time requests (123/udp)", "", (UDP, 123), ()),
)


class _Way(NamedTuple):
    """Packets of one family that get out."""

    family: Family
    decision: Decision
    named: bool
    """By an interface that lines name, or where they name none."""


class _Refusal(NamedTuple):
    """Something that may not be sent, and a packet of it."""

    words: str
    label: str
    packet: Packet
    path: tuple[Step, ...]
    families: tuple[Family, ...]
    certain: bool = True
    """It gets out by no interface at all; else by none that lines name."""


def egress(check: Check, case: Case) -> Iterator[Finding]:
    """Packets that the host has to send are refused; one finding for each line (or the default) that refuses."""
    judged = [view for view in case.whole() if _is_known(case, view)]
    for kind in dict.fromkeys(view.ruleset.view for view in judged):
        same = [view for view in judged if view.ruleset.view == kind]
        four = next((view for view in same if view.family is Family.IPV4), None)
        if four is None:
            continue
        by_place: dict[tuple[object, ...], list[_Refusal]] = {}
        for refusal in _refusals(case, four, same):
            by_place.setdefault(decider(four, refusal.path)[:2], []).append(refusal)
        for found in by_place.values():
            yield _finding(check, case, four, found, same)
        if by_place:
            return


def _finding(check: Check, case: Case, four: View, found: Sequence[_Refusal], same: Sequence[View]) -> Finding:
    first = found[0]
    families = [family for family in Family if any(family in each.families for each in found)]
    where = " over IPv4" if len(same) > len(families) else ""
    return finding(
        check, case, decider(four, first.path),
        f"this host may not send {_listed([each.words for each in found])}{where}",
        certainty="certain" if first.certain else "possible", families=families,
        ports=[each.label for each in found if each.label],
        evidence=Evidence(first.packet, first.path, "" if first.certain else "an interface that no line names"),
    )  # fmt: skip


def _is_known(case: Case, view: View) -> bool:
    off = view.ruleset.view == "tree" and switched_off(case) is not None
    return not off and view.ruleset.unread_lines == 0 and "OUTPUT" in view.ruleset.tables.get("filter", {})


def _refusals(case: Case, four: View, same: Sequence[View]) -> Iterator[_Refusal]:
    """What does not get out over IPv4, nor over IPv6 to a relay, a resolver or a proxy that lines name."""
    needs = [need for need in _NEEDS if not need.role or need.role in case.node.roles]
    offered, interface = _offered(four), (_outside(case, four) or ("eth0",))[0]
    mail, answers = ([_packet(*need.usual, interface) for need in needs], [_answer(p, interface) for p in offered])
    if not any(_refused(four, packet) for packet in (*mail, *answers)):
        return  # most hosts send what they like
    ways = [way for view in same for way in _ways(case, view)]
    for need, packet in zip(needs, mail, strict=True):
        out = [way for way in ways if _lets_out(way.decision, need)]
        enough = [way for way in out if way.family is Family.IPV4 or not _abroad(way) or not serves(four)]
        path = _refused(four, packet)
        if path and not any(way.named for way in enough):
            families = [view.family for view in same if not any(way.family is view.family for way in out if way.named)]
            yield _Refusal(need.words, _label(*need.usual), packet, path, tuple(families), not enough)
    replies = [way.decision for way in _ways(case, four, "ESTABLISHED")]
    mute = [packet for packet in answers if not any(_answers(each, packet.source_port) for each in replies)]
    path = _refused(four, mute[0]) if mute else ()
    if path:
        labels = ", ".join(_label(TCP, packet.source_port) for packet in mute)
        words = f"the answers of its own services ({labels})"
        yield _Refusal(words, "", mute[0], path, (Family.IPV4,))


def _refused(view: View, packet: Packet) -> tuple[Step, ...]:
    """The way of a packet that is refused, by a line or by a default that the input shows; else nothing."""
    result = replay_outgoing(view.ruleset, packet)
    shown = view.ruleset.tables["filter"]["OUTPUT"].default_known or not result.path[-1].effect.startswith("default ")
    return result.path if result.verdict in ("drop", "reject") and shown else ()


def _outside(case: Case, view: View) -> tuple[str, ...]:
    """The interfaces to the outside that lines name, eth0 first; whether the host has another one, nobody said."""
    others = (*case.site.inside, *TUNNELS)
    return tuple(sorted((n for n in _names(view) if not within(others, n)), key=lambda name: name != "eth0"))


def _names(view: View) -> set[str]:
    return {name for name in interface_patterns(view.ruleset) if name != "lo" and not name.endswith("+")}


def _ways(case: Case, view: View, state: str = "NEW") -> Iterator[_Way]:
    names, free = interface_names(view.ruleset), not _outside(case, view)
    named = [names.index(name) for name in _names(view)]
    for decision in decide_outgoing(view.ruleset, state):
        out = decision.cell[Axis.OUT]
        yield _Way(view.family, decision, free or any(number in out for number in named))


def _abroad(way: _Way) -> bool:
    """Whether it goes to the internet at large rather than to some machines."""
    return broad(way.decision.cell[Axis.DESTINATION], UNICAST[way.family])


def _packet(protocol: int, port: int, interface: str) -> Packet:
    here, there = parse_address(_HERE)[1], parse_address(OUTSIDER[Family.IPV4])[1]
    return Packet(Family.IPV4, protocol, here, SOURCE_PORT, there, port, interface)


def _answer(port: int, interface: str) -> Packet:
    """An answer of one of the host's own services."""
    return _packet(TCP, SOURCE_PORT, interface)._replace(source_port=port, state="ESTABLISHED")


def _offered(view: View) -> list[int]:
    """The well-known services that the public reaches."""
    found = [opening.ports("tcp", "public") for opening in view.openings]
    return sorted(port for port in _SERVED if any(port in ports for ports in found))


def _answers(decision: Decision, port: int) -> bool:
    cell = decision.cell
    return TCP in cell[Axis.PROTOCOL] and port in cell[Axis.SPORT] and bool(cell[Axis.DPORT] & EPHEMERAL)


def _lets_out(decision: Decision, need: _Need) -> bool:
    """Whether the usual port gets out, or another one that is let out by number and not with everything else."""
    cell = decision.cell
    meant = need.others if cell[Axis.DPORT].size() <= ENOUGH else ()
    return any(protocol in cell[Axis.PROTOCOL] and port in cell[Axis.DPORT] for protocol, port in (need.usual, *meant))


def _label(protocol: int, port: int) -> str:
    return f"{port}/{'tcp' if protocol == TCP else 'udp'}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
