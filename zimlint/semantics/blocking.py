"""Why no packet reaches a line: which lines before it stand in its way, and which few of them would do.

Invariant: lines that are named leave the dead one nothing, though all the others that decide were gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from zimlint.model import Decide, FilterRule, Goto, Return, Verdict
from zimlint.semantics.coverage import DECIDING, Coverage, Place, met_of, numbers
from zimlint.semantics.cutting import Cell
from zimlint.semantics.program import Compiled, Way
from zimlint.semantics.walk import Code

MAX_LINES = 24
"""Lines among which the fewest are looked for."""
_EXACT = 8
"""Of so many lines all pairs are tried."""


class Dead(NamedTuple):
    """A line that no packet reaches, and why."""

    rule: FilterRule
    blocking: tuple[FilterRule, ...]
    """The fewest lines before it that leave nothing to it."""
    parts: tuple[tuple[Way, Cell], ...]
    """Some of the packets that it names."""
    contradicted: bool
    """True: to new connections others do what it would not have done."""


class _Met(NamedTuple):
    """What stands in the way of a line."""

    parts: list[tuple[Way, Cell]]
    lines: dict[int, FilterRule]
    """Those that decide some of its packets."""
    first: dict[int, FilterRule]
    """Those that decide new connections among them."""
    leaving: dict[int, FilterRule]
    """Those that lead out of its chain."""


def explain(
    coverage: Coverage,
    place: Place,
    agrees: Callable[[FilterRule], bool],
    known: Dead | None = None,
    *,
    harmless: bool = True,
) -> Dead | None:
    """Why a line is dead: by the lines of a ``known`` one that fared alike if they do, else by the fewest.

    None: nobody can say with this effort, or others do the same and such ``harmless`` lines are not asked about.
    """
    coverage.effort = 0
    rule, met = place[2], _met(coverage, place[2])
    parts = tuple(met.parts)
    if not parts or coverage.spent:
        return None
    deciders = list((met.first or met.lines).values())
    against = [held for held in deciders if not agrees(held)]
    if not against and not harmless:
        return None
    if known is not None and known.contradicted == bool(against) and len(against) in (0, len(deciders)):
        shared = any(held in deciders for held in known.blocking)
        if shared and coverage.dead_behind(place, known.blocking):
            return Dead(rule, known.blocking, parts, known.contradicted)
    if coverage.dead_behind(place, ()):
        return Dead(rule, tuple(met.leaving.values())[:1], parts, False) if met.leaving else None
    order = [*deciders, *(held for held in met.lines.values() if held not in deciders)]
    alike = [held for held in order if agrees(held)][:MAX_LINES]
    if len(against) < len(deciders) and alike and coverage.dead_behind(place, alike):
        return Dead(rule, _fewest(coverage, place, alike, alike), parts, False) if harmless else None
    needed = against or deciders
    group = sorted(order[:MAX_LINES], key=lambda held: (held in needed, len(held.conditions)))
    if not coverage.dead_behind(place, group):
        return None
    return Dead(rule, _fewest(coverage, place, group, needed), parts, bool(against))


def _met(coverage: Coverage, rule: FilterRule) -> _Met:
    found = _Met([], {}, {}, {})
    for journey, cell, outcome in coverage.parts(rule):
        way = journey.way
        found.parts.append((way, cell))
        compiled = coverage.cutter.compiled(way)
        hooks = {code.hook for bit in numbers(coverage.bits(way)[id(rule)]) for code in _codes(compiled, bit)}
        for bit in outcome.reached:
            line = compiled.program.lines[bit]
            if isinstance(line.target, (Return, Goto)):
                found.leaving.update((id(held), held) for held in met_of(compiled, bit, cell))
            if not isinstance(line.target, DECIDING) or compiled.unknown >> bit & 1:
                continue
            if line.target == Decide(Verdict.ACCEPT) and not any(code.hook in hooks for code in _codes(compiled, bit)):
                continue  # it ends another table only
            for held in met_of(compiled, bit, cell):
                if held is not rule:
                    found.lines[id(held)] = held
                    if way.state == "NEW":
                        found.first[id(held)] = held
    return found


def _codes(compiled: Compiled, bit: int) -> Iterator[Code]:
    return (code for code in compiled.program.codes if code.start <= bit < code.end)


def _fewest(
    coverage: Coverage, place: Place, group: Sequence[FilterRule], needed: Sequence[FilterRule]
) -> tuple[FilterRule, ...]:
    """One or two lines that do, else a set of which none can be left out; one of the needed is always in it."""
    keys = {id(held) for held in needed}
    for count in (1, 2) if len(group) <= _EXACT else (1,):
        for few in combinations(group, count):
            if any(id(held) in keys for held in few) and coverage.dead_behind(place, few):
                return few
    left = list(group)
    for held in group:
        fewer = [other for other in left if other is not held]
        if any(id(other) in keys for other in fewer) and coverage.dead_behind(place, fewer):
            left = fewer
    return tuple(left)
