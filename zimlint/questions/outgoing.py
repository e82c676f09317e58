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
from zimlint.questions.witness import SOURCE_PORT
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision, decide_outgoing
from zimlint.semantics.replay import Replay, replay_outgoing

_HERE = {Family.IPV4: "192.0.2.25", Family.IPV6: "2001:db8::25"}


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
        hit = _first_refused(same, needs)
        if hit is None:
            continue
        view, packet, result = hit
        ways = [decision for each in same for decision in decide_outgoing(each.ruleset)]
        shut = [need for need in needs if not any(_lets_out(decision, need) for decision in ways)]
        answers = not any(_answers(each).verdict != "drop" and _answers(each).verdict != "reject" for each in same)
        words = [need.words for need in shut] + (["answers to those who ask it"] if answers else [])
        if words:
            packet = _packet(view.family, *(shut[0].ports[0] if shut else (TCP, 25)))
            result = replay_outgoing(view.ruleset, packet) if shut else _answers(view)
            yield finding(
                check, case, decider(view, result.path), f"this host may not send {_listed(words)}",
                families=[each.family for each in same], ports=[_label(*need.ports[0]) for need in shut],
                evidence=Evidence(packet, result.path) if shut else None,
            )  # fmt: skip
            return


def _is_known(case: Case, view: View) -> bool:
    output = view.ruleset.tables.get("filter", {}).get("OUTPUT")
    off = view.ruleset.view == "tree" and switched_off(case) is not None
    return not off and view.ruleset.unread_lines == 0 and output is not None and output.default_known


def _first_refused(views: Sequence[View], needs: Sequence[_Need]) -> tuple[View, Packet, Replay] | None:
    """A packet that every family refuses, or rather the first one of them: most hosts send what they like."""
    if not any(view.family is Family.IPV4 for view in views):
        return None
    four = next(view for view in views if view.family is Family.IPV4)
    for need in needs:
        packet = _packet(Family.IPV4, *need.ports[0])
        result = replay_outgoing(four.ruleset, packet)
        if result.verdict in ("drop", "reject"):
            return four, packet, result
    answers = _answers(four)
    return (four, _packet(Family.IPV4, TCP, 25), answers) if answers.verdict in ("drop", "reject") else None


def _packet(family: Family, protocol: int, port: int) -> Packet:
    here, there = parse_address(_HERE[family])[1], parse_address(OUTSIDER[family])[1]
    return Packet(family, protocol, here, SOURCE_PORT, there, port, "eth0")


def _answers(view: View) -> Replay:
    """What becomes of an answer of this host's own mail server."""
    packet = _packet(view.family, TCP, SOURCE_PORT)._replace(source_port=25, state="ESTABLISHED")
    return replay_outgoing(view.ruleset, packet)


def _lets_out(decision: Decision, need: _Need) -> bool:
    cell = decision.cell
    return any(protocol in cell[Axis.PROTOCOL] and port in cell[Axis.DPORT] for protocol, port in need.ports)


def _label(protocol: int, port: int) -> str:
    return f"{port}/{'tcp' if protocol == TCP else 'udp'}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
