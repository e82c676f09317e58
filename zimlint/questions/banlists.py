"""Lists of bans: lines that follow each other, refuse alike and differ in the source only.

Invariant: lines of a list that are said to fare alike differ in nothing that another line asks about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from zimlint.model import CtOriginal, CtState, FilterRule, Ruleset, SetMatch, SrcAddress
from zimlint.packets import RangeSet, union
from zimlint.questions.lines import Line
from zimlint.semantics.cells import Axis
from zimlint.semantics.runs import first_lines

MOST_SOURCES = 500
"""Networks that other lines ask about, up to which the lines of a list are compared with them."""


def names_new(rule: FilterRule) -> bool:
    """Whether the states that a line names allow new connections."""
    states = [condition for condition in rule.conditions if isinstance(condition, CtState)]
    return all(("NEW" in state.states) != state.negated for state in states)


def names_source(rule: FilterRule) -> bool:
    """Whether a line asks for a source address."""
    return any(isinstance(condition, SrcAddress) for condition in rule.conditions)


def sources_of(rule: FilterRule) -> RangeSet:
    """The sources that a line asks for."""
    return union(condition.addresses for condition in rule.conditions if isinstance(condition, SrcAddress))


def in_one_list(one: Line, other: Line) -> bool:
    """Whether two lines of a chain differ in the source only."""
    ours, theirs = one.rule.conditions, other.rule.conditions
    if len(ours) != len(theirs) or one.chain != other.chain or one.table != other.table:
        return False
    same = all(a == b for a, b in zip(ours, theirs, strict=True) if not isinstance(a, SrcAddress))
    return same and one.rule.target == other.rule.target and names_source(one.rule)


def ban_lists(lines: Sequence[Line], asked: Collection[int]) -> Iterator[list[Line]]:
    """The lists that hold some of the lines that are asked about, by identity."""
    done = -1
    for place, line in enumerate(lines):
        if place <= done or id(line.rule) not in asked or not line.refuses or not names_source(line.rule):
            continue
        first = last = place
        while first and in_one_list(lines[first - 1], line):
            first -= 1
        while last + 1 < len(lines) and in_one_list(lines[last + 1], line):
            last += 1
        done = last
        yield list(lines[first : last + 1])


def not_banned_twice(lines: Sequence[Line], left: Collection[int]) -> Collection[int]:
    """Of the lines that are left, those that do not only repeat, in a ban list, what others of the list refuse."""
    repeated: set[int] = set()
    for found in ban_lists(lines, left):
        run = [one.rule for one in found]
        kept = set(map(id, first_lines(run, {Axis.SOURCE: RangeSet([(0, (1 << 128) - 1)])})))
        repeated.update(id(rule) for rule in run if id(rule) not in kept)
    return [key for key in left if key not in repeated]


def alike(ruleset: Ruleset, lines: Sequence[Line], asked: Collection[int]) -> dict[int, int]:
    """For lines of lists, by identity, the first line of the list that fares as they do.

    No other line asks about their sources, so what takes the packets of one takes those of all.
    """
    rules = [rule for chains in ruleset.tables.values() for chain in chains.values() for rule in chain.rules]
    if any(isinstance(condition, (SetMatch, CtOriginal)) for rule in rules for condition in rule.conditions):
        return {}
    found: dict[int, int] = {}
    for held in ban_lists(lines, asked):
        if len(held) > 2:
            own = {id(line.rule) for line in held}
            others = union(sources_of(rule) for rule in rules if id(rule) not in own and names_source(rule))
            if len(others.ranges) <= MOST_SOURCES:
                same = [id(line.rule) for line in held if not sources_of(line.rule) & others]
                found.update((key, same[0]) for key in same)
    return found
