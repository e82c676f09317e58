"""Merged runs of lines taken apart again, where it matters which line of them it was.

Invariant: every source goes to the first line that names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from zimlint.model import FilterRule, SrcAddress
from zimlint.packets import RangeSet
from zimlint.semantics.cells import Axis, Product


def split_run(rules: Sequence[FilterRule], cell: Product) -> Iterator[tuple[FilterRule | None, Product]]:
    """A merged run of accepting lines taken apart again: each line with the sources that it is the first to name."""
    if len(rules) < 2:
        yield (rules[0] if rules else None), cell
        return
    parts: dict[int, list[tuple[int, int]]] = {}
    wanted = iter(cell[Axis.SOURCE].ranges)
    low, high = next(wanted)
    for first, last, number in _first_named(rules):
        while high < first:
            low, high = next(wanted, (1 << 129, 1 << 129))
        while low <= last:
            parts.setdefault(number, []).append((max(low, first), min(high, last)))
            if high > last:
                break
            low, high = next(wanted, (1 << 129, 1 << 129))
    for number in sorted(parts):
        yield rules[number], {**cell, Axis.SOURCE: RangeSet(parts[number])}


def first_lines(rules: Sequence[FilterRule], cell: Product) -> Iterator[FilterRule]:
    """The lines of a merged run that are the first to name some source of a cell.

    Most lines of a list name what no other one does; only those that overlap are taken apart.
    """
    named = [
        (low, high, number)
        for number, rule in enumerate(rules)
        for condition in rule.conditions
        if isinstance(condition, SrcAddress)
        for low, high in condition.addresses.ranges
    ]
    named.sort()
    together: set[int] = set()
    top, last, shared = -1, -1, set[int]()
    for low, high, number in named:
        if low <= top:
            shared |= {last, number}
        if high > top:
            top, last = high, number
    asked, place = cell[Axis.SOURCE].ranges, 0
    for low, high, number in named:
        while place < len(asked) and asked[place][1] < low:
            place += 1
        if place < len(asked) and asked[place][0] <= high:
            together.add(number)
    yield from (rules[number] for number in together - shared)
    if together & shared:
        yield from (rule for rule, _ in split_run([rules[n] for n in sorted(shared)], cell) if rule is not None)


def _first_named(rules: Sequence[FilterRule]) -> Iterator[tuple[int, int, int]]:
    """The sources that the lines name, in order and without overlap, each with the first line that names it."""
    edges: dict[int, tuple[list[int], list[int]]] = {}
    for number, rule in enumerate(rules):
        for condition in rule.conditions:
            if isinstance(condition, SrcAddress):
                for low, high in condition.addresses.ranges:
                    edges.setdefault(low, ([], []))[0].append(number)
                    edges.setdefault(high + 1, ([], []))[1].append(number)
    waiting: list[int] = []
    gone: set[int] = set()
    places = sorted(edges)
    for place, after in pairwise(places):
        opened, closed = edges[place]
        gone.update(closed)
        for number in opened:
            gone.discard(number)
            heappush(waiting, number)
        while waiting and waiting[0] in gone:
            heappop(waiting)
        if waiting:
            yield place, after - 1, waiting[0]
