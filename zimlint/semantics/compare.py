"""Rulesets of one family side by side: the packets that one lets in for certain and another refuses for certain.

Method: all are decided over the interfaces of all, and each accepted cell of the one is cut by those of the other.

Invariant: a packet that an unknown match may turn, in either ruleset, is in no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zimlint.model import Ruleset
from zimlint.packets import TCP, UDP, RangeSet
from zimlint.semantics.cells import Axis, representatives
from zimlint.semantics.cutting import Cell
from zimlint.semantics.decide import Decision, decide
from zimlint.semantics.program import interface_patterns

MAX_CUTS = 300_000
"""Cells laid over each other in all; past it the search ends, and says nothing of what it did not look at."""
_AXES = (Axis.PROTOCOL, Axis.DPORT, Axis.IN, Axis.SOURCE, Axis.DESTINATION, Axis.SPORT)
_PORTED = RangeSet([(TCP, TCP), (UDP, UDP)])


class Difference(NamedTuple):
    """What is left of a cell that one ruleset lets in, once all that the other may let in is taken out."""

    decision: Decision
    """How the one lets it in."""
    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    """The interfaces that the numbers of ``Axis.IN`` stand for."""
    wholly: tuple[Cell, ...]
    """Those of the cells that hold everybody whom the decision lets in: to these ports the other lets nobody."""


class Side(NamedTuple):
    """What one of several rulesets lets in, each decided once however many it is compared with."""

    decisions: tuple[Decision, ...]
    names: tuple[str, ...]
    """The interfaces of all of them."""


def side_by_side(rulesets: Sequence[Ruleset]) -> list[Side]:
    """Each of the rulesets, over the interfaces of all."""
    names = representatives(tuple(pattern for ruleset in rulesets for pattern in interface_patterns(ruleset)))
    return [Side(decide(ruleset, names=names), names) for ruleset in rulesets]


def differences(accepting: Side, refusing: Side) -> Iterator[Difference]:
    """The tcp and udp packets that the first lets in, and the second refuses; NAT is left out of it."""
    others = [decision.cell for decision in refusing.decisions]
    same = {_key(cell) for cell in others}
    cuts = 0
    for decision in accepting.decisions:
        if not decision.certain or not decision.settled or decision.moved is not None:
            continue
        cell = {**decision.cell, Axis.PROTOCOL: decision.cell[Axis.PROTOCOL] & _PORTED}
        if not cell[Axis.PROTOCOL] or _key(decision.cell) in same:
            continue
        left: Sequence[Cell] = [cell]
        for other in others:
            if not left:
                break
            cuts += len(left)
            left = [part for one in left for part in _without(one, other)]
        if cuts > MAX_CUTS:
            return
        if left:
            wholly = tuple(part for part in left if _key(part)[2:] == _key(cell)[2:])
            yield Difference(decision, tuple(left), accepting.names, wholly)


def _key(cell: Cell) -> tuple[RangeSet, ...]:
    return tuple(cell[axis] for axis in _AXES)


def _without(cell: Cell, other: Cell) -> Iterator[Cell]:
    """A cell without another one, as cells."""
    if not all(cell[axis] & other[axis] for axis in _AXES):
        yield cell
        return
    rest = dict(cell)
    for axis in _AXES:
        outside = rest[axis] - other[axis]
        if outside:
            yield {**rest, axis: outside}
        rest[axis] = rest[axis] & other[axis]
