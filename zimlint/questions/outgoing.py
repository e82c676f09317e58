"""What the host itself must be able to send: mail, name look-ups, the web, the time, and answers to its guests.

Invariant: a service that gets out to any address at all, a relay or a resolver, is let out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.packets import TCP, UDP, Family, Packet, parse_address
from zimlint.questions.case import Case, View, switched_off
from zimlint.questions.findings import finding
from zimlint.questions.flows import OUTSIDER, decider
from zimlint.questions.openings import EPHEMERAL
from zimlint.questions.witness import SOURCE_PORT
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision, decide_outgoing
from zimlint.semantics.replay import replay_outgoing

_HERE = "192.0.2.25"
_SERVED = (25, 443, 80, 465, 587, 993, 995, 22)


class _Need(NamedTuple):
    """Something that a mail server sends, and the ports (first the usual one) any of which is enough."""

    words: str
    role: str
    ports: tuple[tuple[int, int], ...]


_NEEDS = (
    # a host that relays all its mail to another hands it over by submission
    _Need("mail to other servers (25/tcp)", "mta", ((TCP, 25), (TCP, 465), (TCP, 587))),
    _Need("name look-ups (53/udp)", "", ((UDP, 53), (TCP, 53), (TCP, 853))),
    # updates of the system, of ClamAV and SpamAssassin; by a web proxy, too
    _Need("web requests (80/tcp, 443/tcp)", "", ((TCP, 443), (TCP, 80), (TCP, 3128), (TCP, 8080))),
    _Need("time requests (123/udp)", "", ((UDP, 123),)),
)


def egress(check: Check, case: Case) -> Iterator[Finding]:
    """Packets that the host has to send are refused; one finding for all of them."""
    judged = [view for view in case.whole() if _is_known(case, view)]
    for kind in dict.fromkeys(view.ruleset.view for view in judged):
        same = [view for view in judged if view.ruleset.view == kind]
        needs = [need for need in _NEEDS if not need.role or need.role in case.node.roles]
        four = next((view for view in same if view.family is Family.IPV4), None)
        if four is None or not any(_refuses(four, packet) for packet in _packets(four, needs)):
            continue
        ways = [decision for each in same for decision in decide_outgoing(each.ruleset)]
        replies = [decision for each in same for decision in decide_outgoing(each.ruleset, "ESTABLISHED")]
        shut = [need for need in needs if not any(_lets_out(decision, need) for decision in ways)]
        mute = [port for port in _offered(same) if not any(_answers(decision, port) for decision in replies)]
        words = [need.words for need in shut]
        if mute:
            words.append(f"the answers of its own services ({', '.join(_label(TCP, port) for port in sorted(mute))})")
        if words:
            packet = _packet(*shut[0].ports[0]) if shut else _answer(mute[0])
            path = replay_outgoing(four.ruleset, packet).path
            yield finding(
                check, case, decider(four, path), f"this host may not send {_listed(words)}",
                families=[each.family for each in same], ports=[_label(*need.ports[0]) for need in shut],
                evidence=Evidence(packet, path),
            )  # fmt: skip
            return


def _is_known(case: Case, view: View) -> bool:
    output = view.ruleset.tables.get("filter", {}).get("OUTPUT")
    off = view.ruleset.view == "tree" and switched_off(case) is not None
    return not off and view.ruleset.unread_lines == 0 and output is not None and output.default_known


def _packets(view: View, needs: Sequence[_Need]) -> Iterator[Packet]:
    """What is tried first: most hosts send what they like."""
    yield from (_packet(*need.ports[0]) for need in needs)
    yield from (_answer(port) for port in _offered([view]))


def _refuses(view: View, packet: Packet) -> bool:
    return replay_outgoing(view.ruleset, packet).verdict in ("drop", "reject")


def _packet(protocol: int, port: int) -> Packet:
    here, there = parse_address(_HERE)[1], parse_address(OUTSIDER[Family.IPV4])[1]
    return Packet(Family.IPV4, protocol, here, SOURCE_PORT, there, port, "eth0")


def _answer(port: int) -> Packet:
    """An answer of one of the host's own services."""
    return _packet(TCP, SOURCE_PORT)._replace(source_port=port, state="ESTABLISHED")


def _offered(views: Sequence[View]) -> list[int]:
    """The well-known services that the public reaches."""
    found = [opening.ports("tcp", "public") for view in views for opening in view.openings]
    return [port for port in _SERVED if any(port in ports for ports in found)]


def _answers(decision: Decision, port: int) -> bool:
    cell = decision.cell
    return TCP in cell[Axis.PROTOCOL] and port in cell[Axis.SPORT] and bool(cell[Axis.DPORT] & EPHEMERAL)


def _lets_out(decision: Decision, need: _Need) -> bool:
    cell = decision.cell
    return any(protocol in cell[Axis.PROTOCOL] and port in cell[Axis.DPORT] for protocol, port in need.ports)


def _label(protocol: int, port: int) -> str:
    return f"{port}/{'tcp' if protocol == TCP else 'udp'}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
