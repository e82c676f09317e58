"""Lines that do not do what they say: lines before them decide all their packets, or their matches exclude each other.

Params: ``kind`` says which: ``deny`` and ``allow`` where an earlier line does the opposite, ``redundant`` where others
do the same, ``nothing`` where no packet can match.

Invariant: the lines that leave nothing to it are named, and one packet shows it where one can be followed.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.model import FilterRule, Goto, Jump, Nat, Return
from zimlint.packets import TCP, UDP, Family
from zimlint.questions.case import Case, View
from zimlint.questions.findings import finding
from zimlint.questions.followed import MAX_TRIES, follow, packet_of_part
from zimlint.questions.late import late_bans
from zimlint.questions.lines import REFUSALS, is_limit, labels, named, other_icmp, verb
from zimlint.questions.unreached import Fault, faults
from zimlint.semantics.cells import Axis
from zimlint.semantics.coverage import LEAVING
from zimlint.semantics.cutting import Cell
from zimlint.semantics.hooks import INTO_HOST
from zimlint.semantics.program import Way, interface_names
from zimlint.semantics.replay import Replay
from zimlint.source import Span
from zimlint.zimbra.sources import PUBLIC

_SHOWN = 6
"""Lines that are named beside a finding, at most, of each kind."""


def dead(check: Check, case: Case) -> Iterator[Finding]:
    """One finding for each reason that leaves nothing to lines."""
    kind = check.params.get("kind")
    for view in case.views:
        if not any(problem.fatal for problem in view.ruleset.problems):
            found = faults(view.ruleset)
            for fault in found:
                if fault.kind == kind:
                    yield _finding(check, case, view, fault)
            if kind == "deny":
                told = {id(line.rule) for fault in found for line in (fault.line, *fault.others)}
                for fault in late_bans(view.ruleset, case.networks[PUBLIC][view.family], told):
                    yield _finding(check, case, view, fault)


def _finding(check: Check, case: Case, view: View, fault: Fault) -> Finding:
    rule = fault.line.rule
    others = len({other.rule.span.line for other in fault.others} - {rule.span.line})
    more = f"; the same holds of {others} more line{'s' if others > 1 else ''}" if others else ""
    return finding(
        check, case, rule.span, _message(view.family, fault) + more, families=[view.family],
        ports=labels(rule) or fault.before, evidence=_evidence(view, fault), related=tuple(_related(fault)),
    )  # fmt: skip


def _message(family: Family, fault: Fault) -> str:
    """No numbers of lines, so that the same fault of both families reads alike."""
    rule = fault.line.rule
    if fault.kind == "nothing":
        of = f" of {named(rule, family)}" if fault.calls else ""
        return f"{verb(rule)}{of} decides nothing: {_excluded(fault, family)}"
    what = named(rule, family)
    call = isinstance(rule.target, (Jump, Goto)) and not is_limit(rule)
    head = f"{verb(rule)} for {what}" if call else f"{verb(rule)} of {what}"
    if fault.kind == "redundant":
        return f"{head} changes nothing: {_before(fault)}{' anyway' if fault.later else ''}"
    return f"{head} comes too late: {_before(fault)}"


def _excluded(fault: Fault, family: Family) -> str:
    """Why no packet can match a line."""
    foreign = other_icmp(fault.line.rule, family)
    if foreign:
        return f"no {family.title} packet is {foreign}"
    if fault.calls:
        return f"no packet that chain {fault.line.chain} is called for matches it"
    return "its matches exclude each other, no packet can have them all"


def _before(fault: Fault) -> str:
    """``an earlier line accepts all of it``."""
    count = len({one.span for one in fault.shown})
    lines = ("a later line" if fault.later else "an earlier line") if count == 1 else f"{count} earlier lines"
    if fault.before:
        ports = ", ".join(fault.before[:4]) + (f" and {len(fault.before) - 4} more" if len(fault.before) > 4 else "")
        return f"{lines} accept{'s' if count == 1 else ''} {ports} first, what is left to it is refused anyway"
    words = {_does(fault, rule) for rule in fault.blocking}
    leaving = [isinstance(rule.target, LEAVING) for rule in fault.blocking]
    if len(words) > 1:
        out = ("leads", " out of the chain")
        words = {out} if all(leaving) else {("decides", " or leads it out of the chain" if any(leaving) else "")}
    ((verb_of_one, rest),) = words
    words_of_all = f"{verb_of_one} all of it{rest}"
    return f"{lines} {words_of_all if count == 1 else _plural(words_of_all)}"


def _plural(words: str) -> str:
    """``accepts all of it`` of several lines."""
    return " ".join(_OF_SEVERAL.get(word, word) for word in words.split(" "))


_OF_SEVERAL = {
    "accepts": "accept", "refuses": "refuse", "decides": "decide", "leads": "lead", "hands": "hand", "sends": "send",
    "leaves": "leave", "gives": "give",
}  # fmt: skip


def _does(fault: Fault, rule: FilterRule) -> tuple[str, str]:
    """What a line does with the packets that another one names: the words before and behind them."""
    match rule.target:
        case Return():
            return "leads", " out of the chain"
        case Goto(chain):
            return "hands", f" to {chain}"
        case Nat(name) if name in ("SNAT", "MASQUERADE"):
            return "gives", f" {'the same' if rule.target == fault.line.rule.target else 'another'} source"
        case Nat() if rule.target == fault.line.rule.target:
            return "sends", " to the same place"
        case Nat():
            return "sends", " elsewhere"
        case _ if _refuses(rule):
            return "refuses", ""
        case _ if fault.line.table == "nat":
            return "leaves", " as it is"
        case _:
            return "accepts", ""


def _refuses(rule: FilterRule) -> bool:
    return getattr(rule.target, "verdict", None) in REFUSALS


def _related(fault: Fault) -> Iterator[tuple[Span, str]]:
    seen = {fault.line.rule.span.line}
    words = "anyway" if fault.later else "first"
    for rule, shown in zip(fault.blocking, fault.shown, strict=True):
        if shown.span.line not in seen and len(seen) <= _SHOWN:
            seen.add(shown.span.line)
            yield shown.span, f"{''.join(_does(fault, rule))} {words}"
    for call in fault.calls[:_SHOWN]:
        yield call.span, f"calls chain {fault.line.chain}, for no packet that matches"
    for place, other in enumerate(fault.others):
        if other.rule.span.line not in seen and place < _SHOWN:
            seen.add(other.rule.span.line)
            yield other.rule.span, "comes too late, too" if fault.before else "nothing is left to this line, either"


def _evidence(view: View, fault: Fault) -> Evidence | None:
    """A packet that the line names, on its way to a line that decides it instead."""
    if fault.dead is None:
        return None
    names = interface_names(view.ruleset)
    tried = 0
    for way, cell in sorted(fault.dead.parts, key=lambda part: _strangeness(part[0], names, part[1])):
        packet = packet_of_part(view.family, way, cell, names)
        if packet is None or tried >= MAX_TRIES:
            continue
        tried += 1
        result = follow(view.ruleset, way, packet, lone=bool(fault.before))
        if result.verdict != "depends" and _shows(fault, result):
            return Evidence(packet, result.path)
    return None


def _shows(fault: Fault, result: Replay) -> bool:
    """Whether a line that stands in the way of another one does so on a packet's way, with the end that it is about."""
    met = {step.span for step in result.path if not step.effect.startswith("no match")}
    standing = [rule for rule in fault.blocking if rule.span in met]
    if fault.kind == "redundant" or fault.line.table == "nat":
        return bool(standing)
    if fault.dead is not None and fault.dead.leaving:
        return bool(standing) and (result.verdict == "accept") == (fault.kind == "deny")
    return any(fault.line.accepts if _refuses(rule) else fault.line.refuses for rule in standing)


def _strangeness(way: Way, names: tuple[str, ...], cell: Cell) -> tuple[bool, bool, bool, bool]:
    tcp = TCP in cell[Axis.PROTOCOL] or UDP in cell[Axis.PROTOCOL]
    eth0 = "eth0" in names and names.index("eth0") in cell[Axis.IN]
    return way.hooks != INTO_HOST, way.state != "NEW", not tcp, not eth0
