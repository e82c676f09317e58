"""Cutting cells: the axes in parts that the lines alive tell apart, and walks of what is left, each only once.

Shared by all that ask about every packet at once; what they want of a cell is theirs.

Invariant: lines that a cell keeps alive are all that may match in it; a line is only dropped where it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping

from zimlint.model import Ruleset
from zimlint.packets import RangeSet
from zimlint.semantics.cells import Axis, axis_universe
from zimlint.semantics.program import Compiled, Way, compile_way
from zimlint.semantics.state import State
from zimlint.semantics.walk import Outcome, walk

Cell = Mapping[Axis, RangeSet]


class Cutter:
    """Guards the caches: one program for each way, one walk for each bit set, one cut for each axis and set."""

    def __init__(self, ruleset: Ruleset, names: tuple[str, ...]) -> None:
        self.ruleset, self.names = ruleset, names
        self._compiled: dict[Way, Compiled] = {}
        self._walks: dict[tuple[Way, int, int, State | None], Outcome] = {}
        self._cuts: dict[tuple[Way, Axis, int], list[tuple[int, RangeSet]]] = {}
        self._masks: dict[Way, dict[Axis, int]] = {}

    def compiled(self, way: Way) -> Compiled:
        """The program of a way."""
        if way not in self._compiled:
            self._compiled[way] = compiled = compile_way(self.ruleset, way, self.names)
            self._masks[way] = {axis: sum(1 << bit for bit in held) for axis, held in compiled.constraints.items()}
        return self._compiled[way]

    def has(self, way: Way) -> bool:
        """Whether a way's program is there already."""
        return way in self._compiled

    def masks(self, way: Way) -> Mapping[Axis, int]:
        """For each axis that some line asks about, the bits of those lines."""
        self.compiled(way)
        return self._masks[way]

    def walk(self, way: Way, alive: int, certain: int, state: State | None) -> Outcome:
        """What may happen to packets that match the ``alive`` lines at most and the ``certain`` ones in any case."""
        key = (way, alive, certain, state)
        outcome = self._walks.get(key)
        if outcome is None:
            outcome = self._walks[key] = walk(self.compiled(way).program, alive, certain, 0, state)
        return outcome

    def cut(self, way: Way, axis: Axis, alive: int) -> list[tuple[int, RangeSet]]:
        """The axis in parts that the alive lines tell apart: which of them hold there, and where."""
        key = (way, axis, alive)
        parts = self._cuts.get(key)
        if parts is None:
            held = self.compiled(way).constraints[axis]
            edges: dict[int, int] = {0: 0}
            for bit, values in held.items():
                if alive >> bit & 1:
                    for low, high in values.ranges:
                        edges[low] = edges.get(low, 0) ^ 1 << bit
                        edges[high + 1] = edges.get(high + 1, 0) ^ 1 << bit
            top = axis_universe(axis, self.ruleset.family, self.names).ranges[-1][1]
            found: dict[int, list[tuple[int, int]]] = {}
            mask = 0
            places = sorted(place for place in edges if place <= top)
            for place, after in zip(places, [*places[1:], top + 1], strict=True):
                mask ^= edges[place]
                found.setdefault(mask, []).append((place, after - 1))
            parts = self._cuts[key] = [(mask, RangeSet(ranges)) for mask, ranges in found.items()]
        return parts


def settle(compiled: Compiled, alive: int) -> int:
    """Take out the lines of which every product is dead."""
    for line, choices in compiled.choices.items():
        if alive >> line & 1 and any(not c.negated and not alive & c.bits for c in choices):
            alive &= ~(1 << line)
    return alive


def open_choices(compiled: Compiled, alive: int) -> int:
    """The lines of which some product is alive: whether they hold is only settled once every axis is cut."""
    return sum(
        1 << line
        for line, choices in compiled.choices.items()
        if alive >> line & 1 and any(alive & choice.bits for choice in choices)
    )


def chosen(compiled: Compiled, alive: int) -> int:
    """The lines that are left once every product is settled; a negated choice fails where a product holds."""
    for line, choices in compiled.choices.items():
        if any(bool(alive & choice.bits) == choice.negated for choice in choices):
            alive &= ~(1 << line)
    return alive & ~compiled.chosen


def with_products(compiled: Compiled, lines: int) -> int:
    """Lines, and the products of those that offer a choice."""
    kept = lines
    for line, choices in compiled.choices.items():
        if lines >> line & 1:
            for choice in choices:
                kept |= choice.bits
    return kept


def met(outcome: Outcome) -> int:
    """The lines that a walk met, as bits."""
    if not outcome.reached:
        return 0
    held = bytearray((max(outcome.reached) >> 3) + 1)
    for line in outcome.reached:
        held[line >> 3] |= 1 << (line & 7)
    return int.from_bytes(held, "little")
