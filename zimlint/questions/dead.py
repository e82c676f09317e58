"""Lines that do not do what they say: lines before them decide all their packets, or their matches exclude each other.

Params: ``kind`` says which: ``deny`` and ``allow`` where an earlier line does the opposite, ``redundant`` where others
do the same, ``nothing`` where no packet can match.

Invariant: the lines that leave nothing to it are named, and one packet shows it where one can be followed.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.model import FilterRule, Goto, Jump
from zimlint.packets import TCP, UDP, Family, Packet
from zimlint.questions.case import Case, View
from zimlint.questions.findings import finding
from zimlint.questions.lines import REFUSALS, Line, labels, named, other_icmp, verb
from zimlint.questions.unreached import Fault, faults
from zimlint.questions.witness import SOURCE_PORT, readable
from zimlint.semantics.cells import Axis
from zimlint.semantics.cutting import Cell
from zimlint.semantics.hooks import INTO_HOST, STATE_FLAGS, UNICAST
from zimlint.semantics.program import Way, interface_names
from zimlint.semantics.replay import replay, replay_forward
from zimlint.semantics.ways import ROUTED
from zimlint.source import Span

_TRIES = 30
"""Packets that are followed, at most, to find one that shows it."""
_SHOWN = 6
"""Lines that are named beside a finding, at most, of each kind."""


def dead(check: Check, case: Case) -> Iterator[Finding]:
    """One finding for each reason that leaves nothing to lines."""
    kind = check.params.get("kind")
    for view in case.views:
        if not any(problem.fatal for problem in view.ruleset.problems):
            for fault in faults(view.ruleset):
                if fault.kind == kind:
                    yield _finding(check, case, view, fault)


def _finding(check: Check, case: Case, view: View, fault: Fault) -> Finding:
    rule = fault.line.rule
    others = len({other.rule.span.line for other in fault.others} - {rule.span.line})
    more = f"; the same holds of {others} more line{'s' if others > 1 else ''}" if others else ""
    return finding(
        check, case, rule.span, _message(view.family, fault) + more, families=[view.family],
        ports=labels(rule), evidence=_evidence(view, fault), related=tuple(_related(fault)),
    )  # fmt: skip


def _message(family: Family, fault: Fault) -> str:
    """No numbers of lines, so that the same fault of both families reads alike."""
    rule = fault.line.rule
    if fault.kind == "nothing":
        foreign = other_icmp(rule, family)
        if foreign:
            return f"{verb(rule)} decides nothing: no {family.title} packet is {foreign}"
        return f"{verb(rule)} decides nothing: its matches exclude each other, no packet can have them all"
    count = len({one.span for one in fault.shown})
    lines = ("a later line" if fault.later else "an earlier line") if count == 1 else f"{count} earlier lines"
    verbs = [("accept", "accepts"), ("refuse", "refuses"), ("decide", "decides")][_side(fault)]
    what = named(rule, family)
    head = f"{verb(rule)} for {what}" if isinstance(rule.target, (Jump, Goto)) else f"{verb(rule)} of {what}"
    if fault.kind == "redundant":
        return f"{head} changes nothing: {lines} {verbs[count == 1]} all of it{' anyway' if fault.later else ''}"
    return f"{head} comes too late: {lines} {verbs[count == 1]} all of it"


def _side(fault: Fault) -> int:
    """0 if what stands in the way accepts, 1 if it refuses, 2 if it does both."""
    refusing = {_refuses(rule) for rule in fault.blocking}
    return 2 if len(refusing) > 1 else int(refusing.pop())


def _refuses(rule: FilterRule) -> bool:
    return getattr(rule.target, "verdict", None) in REFUSALS


def _related(fault: Fault) -> Iterator[tuple[Span, str]]:
    seen = {fault.line.rule.span.line}
    words = "anyway" if fault.later else "first"
    for rule, shown in zip(fault.blocking, fault.shown, strict=True):
        if shown.span.line not in seen and len(seen) <= _SHOWN:
            seen.add(shown.span.line)
            yield shown.span, f"{'refuses' if _refuses(rule) else 'accepts'} {words}"
    for place, other in enumerate(fault.others):
        if other.rule.span.line not in seen and place < _SHOWN:
            seen.add(other.rule.span.line)
            yield other.rule.span, "nothing is left to this line, either"


def _evidence(view: View, fault: Fault) -> Evidence | None:
    """A packet that the line names, on its way to a line that decides it instead."""
    if fault.dead is None:
        return None
    names = interface_names(view.ruleset)
    blocking = {rule.span: rule for rule in fault.dead.blocking}
    tried = 0
    for way, cell in sorted(fault.dead.parts, key=lambda part: _strangeness(part[0], names, part[1])):
        packet = _packet(view.family, way, cell, names)
        if packet is None or tried >= _TRIES:
            continue
        tried += 1
        follow = replay_forward if way.hooks == ROUTED else replay
        result = follow(view.ruleset, packet)
        ends = [s.span for s in result.path if s.span is not None and s.effect in ("accept", "drop", "reject")]
        meant = fault.line
        if result.verdict != "depends" and any(_contradicts(blocking.get(span), meant, fault) for span in ends):
            return Evidence(packet, result.path)
    return None


def _contradicts(rule: FilterRule | None, line: Line, fault: Fault) -> bool:
    if rule is None:
        return False
    return fault.kind == "redundant" or (line.accepts if _refuses(rule) else line.refuses)


def _strangeness(way: Way, names: tuple[str, ...], cell: Cell) -> tuple[bool, bool, bool, bool]:
    tcp = TCP in cell[Axis.PROTOCOL] or UDP in cell[Axis.PROTOCOL]
    eth0 = "eth0" in names and names.index("eth0") in cell[Axis.IN]
    return way.hooks != INTO_HOST, way.state != "NEW", not tcp, not eth0


def _packet(family: Family, way: Way, cell: Cell, names: tuple[str, ...]) -> Packet | None:
    """A packet of a part, one that can be followed: none that the host sends, or that NAT has changed already."""
    if way.moved_ports or way.hooks not in (INTO_HOST, ROUTED):
        return None
    numbers, flags = cell[Axis.PROTOCOL], STATE_FLAGS.get(way.state, 2)
    sources, destinations = cell[Axis.SOURCE] & UNICAST[family], cell[Axis.DESTINATION]
    if flags not in cell[Axis.FLAGS] or not sources:
        return None
    protocol = next((number for number in (TCP, UDP) if number in numbers), numbers.first())
    sports, dports = cell[Axis.SPORT], cell[Axis.DPORT]
    eth0 = names.index("eth0") if "eth0" in names else -1
    return Packet(
        family, protocol, readable(sources, family), SOURCE_PORT if SOURCE_PORT in sports else sports.first(),
        None if UNICAST[family] <= destinations else readable(destinations, family),
        25 if 25 in dports else dports.first(),
        "eth0" if eth0 in cell[Axis.IN] else names[cell[Axis.IN].first()], way.state,
    )  # fmt: skip
