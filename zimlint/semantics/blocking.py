"""Why no packet reaches a line: which lines before it stand in its way, and which few of them would do.

Invariant: lines that are named leave the dead one nothing, though all the others that decide were gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from zimlint.model import Decide, FilterRule, Verdict
from zimlint.semantics.coverage import DECIDING, LEAVING, MAX_PARTS, Coverage, Place, met_of, numbers
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
    """The fewest lines before it that leave nothing to it; none where what leads to its chain leaves it nothing."""
    parts: tuple[tuple[Way, Cell], ...]
    """Some of the packets that it names."""
    contradicted: bool
    """True: to new connections others do what it would not have done."""
    leaving: bool = False
    """True: some of the blocking lines decide nothing, but lead out of its chain."""
    accepted: bool = False
    """True: new connections that it names may get in."""
    refused: bool = False
    """True: new connections that it names may be refused, in its own hook."""
    complete: bool = True
    """False: only some of the packets that it names were followed."""


class _Met(NamedTuple):
    """What stands in the way of a line, and what becomes of its packets: ``Dead`` says it in words."""

    parts: list[tuple[Way, Cell]]
    lines: dict[int, FilterRule]
    """Those that decide some of its packets."""
    first: dict[int, FilterRule]
    """Those that decide new connections among them."""
    leaving: dict[int, FilterRule]
    """Those that lead out of its chain."""
    ends: dict[tuple[bool, str], bool]
    """For new connections and all others, whether some are ``accepted``, and ``refused`` in the line's own hook."""

    def end(self, word: str) -> bool:
        """What may become of new connections, or of the others where it names none that are new."""
        new = any(way.state == "NEW" for way, _ in self.parts)
        return self.ends.get((new, word), False)


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
    if coverage.shut_out(place):
        return Dead(rule, (), parts, False)
    deciders = list((met.first or met.lines).values())
    against = [held for held in deciders if not agrees(held)]
    outside = coverage.leaving(place)
    leaving = [held for key, held in met.leaving.items() if key in outside][:MAX_LINES]
    if not against and not leaving and not harmless:
        return None
    if known is not None and known.leaving:
        if any(held in leaving for held in known.blocking) and coverage.dead_behind(place, known.blocking):
            return _left(met, rule, known.blocking)
    elif known is not None and known.contradicted == bool(against) and len(against) in (0, len(deciders)):
        shared = any(held in deciders for held in known.blocking)
        if shared and coverage.dead_behind(place, known.blocking):
            return Dead(rule, known.blocking, parts, known.contradicted)
    if coverage.dead_behind(place, ()):
        return None
    order = [*deciders, *(held for held in met.lines.values() if held not in deciders)]
    alike = [held for held in order if agrees(held)][:MAX_LINES]
    if len(against) < len(deciders) and alike and coverage.dead_behind(place, alike):
        return Dead(rule, _fewest(coverage, place, alike, alike), parts, False) if harmless else None
    needed = against or deciders
    group = sorted(order[:MAX_LINES], key=lambda held: (held in needed, len(held.conditions)))
    if coverage.dead_behind(place, group):
        return Dead(rule, _fewest(coverage, place, group, needed), parts, bool(against))
    for enough in (leaving, [*leaving, *group]):
        if leaving and coverage.dead_behind(place, enough):
            return _left(met, rule, _fewest(coverage, place, enough, leaving))
    return None


def _left(met: _Met, rule: FilterRule, blocking: tuple[FilterRule, ...]) -> Dead:
    """A line that is dead as others lead out of its chain: what comes after them says whether that does harm."""
    several = [sum(one is way for one, _ in met.parts) for way in {id(way): way for way, _ in met.parts}.values()]
    return Dead(
        rule, blocking, tuple(met.parts), met.end("accepted") or met.end("refused"), True, met.end("accepted"),
        met.end("refused"), max(several) < MAX_PARTS,
    )  # fmt: skip


def _met(coverage: Coverage, rule: FilterRule) -> _Met:
    found = _Met([], {}, {}, {}, {})
    for journey, cell, outcome in coverage.parts(rule):
        way = journey.way
        found.parts.append((way, cell))
        compiled = coverage.cutter.compiled(way)
        hooks = {code.hook for bit in numbers(coverage.bits(way)[id(rule)]) for code in _codes(compiled, bit)}
        for word, ends in (
            ("accepted", outcome.arrives or bool(outcome.nats)),
            ("refused", not hooks.isdisjoint(outcome.refusals)),
        ):
            found.ends[way.state == "NEW", word] = ends or found.ends.get((way.state == "NEW", word), False)
        for bit in outcome.reached:
            line = compiled.program.lines[bit]
            if isinstance(line.target, LEAVING):
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
