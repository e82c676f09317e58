"""Which lines of a ruleset no packet reaches, and which of that is one fault.

Invariant: only lines of the administrator's are faults; refusing twice is none, for bans come and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Literal, NamedTuple

from zimlint.model import Chain, Decide, FilterRule, Goto, Jump, Nat, Ruleset
from zimlint.questions.banlists import alike, names_new, names_source, not_banned_twice
from zimlint.questions.held import Held
from zimlint.questions.lines import LIMIT_ACCEPT, REFUSALS, Line, deciding_lines, exempts, is_limit, other_icmp
from zimlint.semantics.blocking import Dead, explain
from zimlint.semantics.coverage import LEAVING, Coverage
from zimlint.semantics.implied import implied, wider

_Callers = Sequence[FilterRule]
Kind = Literal["deny", "allow", "redundant", "nothing"]
_GRAVEST: tuple[Kind, ...] = ("deny", "allow", "redundant", "nothing")
MOST = 60
"""Dead lines of one ruleset for which the reason is looked for."""


class Fault(NamedTuple):
    """Lines that do not do what they say, for one reason."""

    kind: Kind
    line: Line
    blocking: tuple[FilterRule, ...] = ()
    others: tuple[Line, ...] = ()
    """More lines that these leave nothing to."""
    dead: Dead | None = None
    shown: tuple[FilterRule, ...] = ()
    """For each of the blocking lines the one that a reader would change."""
    later: bool = False
    """True: what takes its place comes after it."""
    before: tuple[str, ...] = ()
    """The ports that are accepted before a ban, if that is all that gets in from there: the rest is refused anyway."""
    calls: tuple[FilterRule, ...] = ()
    """The lines that lead to its chain, where they leave it nothing."""


def faults(ruleset: Ruleset) -> tuple[Fault, ...]:
    """All faults of one ruleset; four checks ask in turn, so the last answers are kept."""
    return _faults(Held(ruleset))


class Read(NamedTuple):
    """The lines of a ruleset, and what is known of the packets that they meet."""

    lines: tuple[Line, ...]
    coverage: Coverage


def read(ruleset: Ruleset) -> Read:
    """Kept like the faults, for who looks further."""
    return _read(Held(ruleset))


@lru_cache(maxsize=8)
def _read(held: Held) -> Read:
    return Read(tuple(deciding_lines(held.ruleset)), Coverage(held.ruleset))


@lru_cache(maxsize=8)
def _faults(held: Held) -> tuple[Fault, ...]:
    ruleset = held.ruleset
    lines, coverage = _read(held)
    by_rule = {id(line.rule): line for line in lines}
    mistaken = [Fault("nothing", line) for line in lines if line.own and other_icmp(line.rule, ruleset.family)]
    unlike = {id(fault.line.rule) for fault in mistaken}
    accepted = any(line.accepts for line in lines if line.table != "nat")  # else bans are what is refused anyway
    asked = [
        line
        for line in _leading_to_own(lines)
        if (accepted or not names_source(line.rule)) and id(line.rule) not in unlike
    ]
    dead = coverage.unreached([line[:3] for line in asked], lambda left: not_banned_twice(lines, left))
    gone = {id(place[2]) for place in dead}
    called = _callers(lines)
    found: list[Fault] = []
    leading = _leading(lines, called)
    same = alike(ruleset, lines, gone) if len(gone) > MOST else {}
    reasons: dict[int, int | None] = {}
    for table, chain, rule in dead:
        callers = called.get((table, chain), ())
        line = by_rule[id(rule)]
        if line.own and not (callers and all(id(caller) in gone for caller in callers)):
            if coverage.excluded(rule):
                if _exempts(ruleset, line):
                    continue
                found.append(Fault("nothing", line))
                continue
            place = reasons.get(same.get(id(rule), 0), -1)
            if place is not None and place >= 0:
                found[place] = found[place]._replace(others=(*found[place].others, line))
            elif place is not None and len(found) < MOST:
                reasons[id(rule)] = _add(found, coverage, line)
    for place, fault in enumerate(found):
        if fault.kind == "nothing" and fault.dead is not None:
            calls = (call for call in called.get(fault.line[:2], ()) if id(call) not in gone)
            found[place] = fault._replace(calls=tuple(calls))
    told = {id(one.rule) for fault in found for one in (fault.line, *fault.others)}
    found = [fault._replace(shown=_readable(fault, leading)) for fault in found]
    for chain_lines in _by_chain(line for line in lines if line.own and not _exempts(ruleset, line)):
        pairs = [pair for pair in implied([line.rule for line in chain_lines]) if told.isdisjoint(map(id, pair))]
        for late in {id(late): late for _, late in pairs}.values():
            first, *others = (by_rule[id(early)] for early, other in pairs if other is late)
            found.append(Fault("redundant", first, (late,), tuple(others), shown=(late,), later=True))
    return (*mistaken, *found)


def _add(found: list[Fault], coverage: Coverage, line: Line) -> int | None:
    """The fault of a dead line: a new one, or that of lines before it that are dead for the same reason; its place."""
    chains = coverage.ruleset.tables[line.table]
    exempting = _exempts(coverage.ruleset, line)
    limited = {id(rule) for name in LIMIT_ACCEPT if name in chains for rule in chains[name].rules}

    def agrees(other: FilterRule) -> bool:
        target = other.target
        if id(other) in limited and is_limit(line.rule):
            return True
        if exempting:
            return not isinstance(target, Nat)
        if line.table == "nat":
            return isinstance(target, Nat) and target == line.rule.target
        return isinstance(target, Decide) and _like(target, line)

    known = [fault.dead for fault in found if fault.dead is not None]
    tells = not exempting and _tells(line, chains[line.chain])
    dead = explain(coverage, line[:3], agrees, known[-1] if known else None, harmless=tells)
    if dead is None or not (dead.blocking or names_new(line.rule)):
        return None
    ends = (Decide, *LEAVING) if line.table != "nat" else (Decide, Nat, *LEAVING)
    if dead.blocking and not any(isinstance(rule.target, ends) for rule in dead.blocking):
        return None
    kind = _kind(line, dead)
    if kind is None or (exempting and (dead.leaving or kind != "allow")):
        return None
    for place, fault in enumerate(found):
        if _same_reason(fault, line, kind, dead):
            if _GRAVEST.index(kind) < _GRAVEST.index(fault.kind):
                found[place] = Fault(kind, line, dead.blocking, (fault.line, *fault.others), dead)
            else:
                found[place] = fault._replace(others=(*fault.others, line))
            return place
    found.append(Fault(kind, line, dead.blocking, (), dead))
    return len(found) - 1


def _exempts(ruleset: Ruleset, line: Line) -> bool:
    return exempts(line.table, ruleset.tables[line.table][line.chain], line.rule)


def _same_reason(fault: Fault, line: Line, kind: Kind, dead: Dead) -> bool:
    """Whether the same lines leave nothing to another one; what does harm and what does none is told apart."""
    if fault.dead is None or "nothing" in (kind, fault.kind):
        return fault.dead is not None and kind == fault.kind and line[:2] == fault.line[:2]
    same = {id(rule) for rule in fault.blocking} == {id(rule) for rule in dead.blocking}
    return same and (dead.leaving or (kind == "redundant") == (fault.kind == "redundant"))


def _like(target: Decide, line: Line) -> bool:
    return not line.refuses if target.verdict not in REFUSALS else not line.accepts


def _kind(line: Line, dead: Dead) -> Kind | None:
    """By whether lines that contradict it leave it nothing, or what comes after those that lead away does otherwise."""
    if not dead.blocking:
        return "nothing"
    if dead.leaving:
        if line.refuses and dead.accepted:
            return "deny"
        if line.accepts and (dead.refused or line.table == "nat"):
            return "allow"
        return "redundant" if dead.complete and line.rule.conditions and names_new(line.rule) else None
    if not dead.contradicted:
        return "redundant"
    accepted = any(isinstance(rule.target, Decide) and rule.target.verdict not in REFUSALS for rule in dead.blocking)
    return "deny" if line.refuses and (accepted or not line.accepts) else "allow"


def _leading_to_own(lines: Sequence[Line]) -> list[Line]:
    """The administrator's lines, and those that lead into chains that hold some."""
    chains = {line[:2] for line in lines if line.own}
    jumps = [line for line in lines if isinstance(line.rule.target, (Jump, Goto))]
    leading: dict[int, Line] = {}
    size = -1
    while size < len(leading):
        size = len(leading)
        for line in jumps:
            if isinstance(line.rule.target, (Jump, Goto)) and (line.table, line.rule.target.chain) in chains:
                leading[id(line.rule)] = line
                chains.add(line[:2])
    return [line for line in lines if line.own or id(line.rule) in leading]


def _tells(line: Line, chain: Chain) -> bool:
    """Whether it is worth telling that others do the same: not of what refuses again, as bans overlap, but for the same
    words twice; nor of what lets replies in once more."""
    rule = line.rule
    if line.refuses:
        return bool(rule.conditions) and sum(other.conditions == rule.conditions for other in chain.rules) > 1
    return names_new(rule)


def _callers(lines: Iterable[Line]) -> dict[tuple[str, str], list[FilterRule]]:
    found: dict[tuple[str, str], list[FilterRule]] = {}
    for line in lines:
        if isinstance(line.rule.target, (Jump, Goto)):
            found.setdefault((line.table, line.rule.target.chain), []).append(line.rule)
    return found


def _leading(lines: Sequence[Line], called: Mapping[tuple[str, str], Sequence[FilterRule]]) -> dict[int, _Callers]:
    """For each line that takes all that its chain is given, the lines that lead there."""
    return {
        id(line.rule): called.get((line.table, line.chain), ())
        for line in lines
        if not line.rule.conditions and isinstance(line.rule.target, Decide)
    }


def _readable(fault: Fault, leading: Mapping[int, _Callers]) -> tuple[FilterRule, ...]:
    """What stands in the way, as lines that a reader would change: the call of a chain that takes all it is given."""
    found = []
    for rule in fault.blocking:
        refuses = isinstance(rule.target, Decide) and rule.target.verdict in REFUSALS
        callers = [c for c in leading.get(id(rule), ()) if (c.conditions or refuses) and wider(c, fault.line.rule)]
        found.append(callers[0] if callers else rule)
    return tuple(found)


def _by_chain(lines: Iterable[Line]) -> Iterable[list[Line]]:
    return (list(group) for _, group in groupby(lines, key=lambda line: line[:2]))
