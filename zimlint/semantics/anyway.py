"""Whether lines that refuse change any verdict, and what is accepted before them.

Invariant: a line without which some packet may get in is never said to change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zimlint.model import Decide, FilterRule, Jump, Opaque, Ruleset
from zimlint.packets import RangeSet
from zimlint.semantics.calls import lines_behind
from zimlint.semantics.cells import Axis
from zimlint.semantics.coverage import Coverage, met_of, numbers
from zimlint.semantics.cutting import Cell
from zimlint.semantics.hooks import INTO_HOST
from zimlint.semantics.program import Way
from zimlint.semantics.walk import Outcome
from zimlint.semantics.ways import ROUTED, Journey

_PASSED_OVER = Jump("")
"""No chain has that name: a line that is met and does nothing, and that merges with its like."""


class Accepted(NamedTuple):
    """New connections that a line names, and that others may accept before it."""

    way: Way
    cell: Cell
    lines: tuple[FilterRule, ...]


def passed_over(ruleset: Ruleset, chain: str, lines: Sequence[FilterRule]) -> tuple[Ruleset, dict[int, FilterRule]]:
    """A ruleset in which some lines do nothing, and what they are there, by identity.

    Without the lines of the filter table that decide, before the first of these in its chain, by an unknown match: more
    packets get to them then, and none of those that get in does so elsewhere.
    """
    gone = {id(rule): rule._replace(target=_PASSED_OVER) for rule in lines}
    chains = ruleset.tables["filter"]
    first = next(rule for rule in chains[chain].rules if id(rule) in gone)
    behind = lines_behind(chain, first, chains)

    def kept(rule: FilterRule) -> bool:
        doubtful = any(isinstance(condition, Opaque) for condition in rule.conditions)
        return not (doubtful and isinstance(rule.target, Decide)) or id(rule) in behind

    shown = {
        name: held._replace(rules=tuple(gone.get(id(rule), rule) for rule in held.rules if kept(rule)))
        for name, held in chains.items()
    }
    return ruleset._replace(tables={**ruleset.tables, "filter": shown}), gone


def may_pass(coverage: Coverage, rules: Sequence[FilterRule], sources: RangeSet) -> bool:
    """Whether packets from there that meet one of the lines may get in all the same, or nobody can say."""
    return any(outcome.arrives or outcome.nats for _, outcome in _met(coverage, rules, sources)) or coverage.spent


def are_met(coverage: Coverage, rules: Sequence[FilterRule], sources: RangeSet) -> bool:
    """Whether packets from there may meet one of the lines, or nobody can say."""
    return any(True for _ in _met(coverage, rules, sources)) or coverage.spent


def _met(coverage: Coverage, rules: Sequence[FilterRule], sources: RangeSet) -> Iterator[tuple[Cell, Outcome]]:
    coverage.effort = 0
    for journey in coverage.journeys:
        bits, wanted = coverage.bits(journey.way), 0
        for rule in rules:
            wanted |= bits.get(id(rule), 0)
        domain = {**journey.domain, Axis.SOURCE: journey.domain[Axis.SOURCE] & sources}
        if wanted and domain[Axis.SOURCE]:
            everything = coverage.cutter.compiled(journey.way).everything
            for cell, _, outcome in coverage.leaves(Journey(journey.way, domain), everything, [wanted], 0):
                yield cell, outcome


def accepted_before(coverage: Coverage, rule: FilterRule) -> Iterator[Accepted]:
    """What others may accept, in the same hook, of new connections from outside that a line names."""
    coverage.effort = 0
    for journey, cell, outcome in coverage.parts(rule):
        way = journey.way
        if way.state != "NEW" or way.hooks not in (INTO_HOST, ROUTED):
            continue
        compiled, own = coverage.cutter.compiled(way), coverage.bits(way)[id(rule)]
        if not outcome.arrives or any(own >> bit & 1 for bit in outcome.reached):
            continue
        hooks = {code.hook for code in compiled.program.codes for bit in numbers(own) if code.start <= bit < code.end}
        accepting = [line for hook, line in outcome.accepts if hook in hooks]
        if accepting and min(accepting) >= 0:
            yield Accepted(way, cell, tuple(held for line in accepting for held in met_of(compiled, line, cell)))
