"""One cell of the map: what becomes of all packets from one class of sources to one port.

Invariant: the parts of a cell partition its packets; each has a packet that was replayed and got just that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from zimlint.exposure import LOOPBACK_SOURCE, STRENGTH, Cell, Part, Word
from zimlint.model import Step
from zimlint.packets import Packet, RangeSet, format_address, format_network, union
from zimlint.questions.case import Piece, View, chain_span
from zimlint.questions.openings import EPHEMERAL
from zimlint.questions.witness import HERE, SOURCE_PORT, UNCUT, describe, prove, readable
from zimlint.semantics.cells import Axis
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import replay
from zimlint.source import InternalError, Span
from zimlint.zimbra.catalogue import TRANSPORTS, Transport

UNNAMED = "an interface that no line names"
NO_DEFAULT = "the default, which is not shown"


class Asked(NamedTuple):
    """The packets of one cell: from these addresses, by these interfaces, to one port of these addresses."""

    view: View
    source: str
    transport: Transport
    port: int
    addresses: RangeSet
    destinations: RangeSet
    interfaces: tuple[str, ...]


def cell_of(asked: Asked, pieces: Sequence[Piece]) -> Cell:
    """The cell; ``pieces`` are all that gets in from its sources to its port."""
    family = asked.view.family
    named = [piece for piece in pieces if not piece.decision.nameless]
    parts = [*_passing(asked, named), *_refused(asked, named)]
    if any(part.verdict == "closed" for part in parts):
        parts += _passing(asked, [piece for piece in pieces if piece.decision.nameless])
    parts.sort(key=lambda part: (-STRENGTH[part.verdict], part.addresses.size() * -1))
    verdict = parts[0].verdict
    whole = all(part.verdict == verdict for part in parts)
    return Cell(asked.source, family, verdict, whole, tuple(parts))


def deciding_span(view: View, path: Iterable[Step]) -> Span:
    """The last place on a way that stands in a file."""
    return next((step.span for step in reversed(tuple(path)) if step.span), chain_span(view.ruleset, "filter", "INPUT"))


def _passing(asked: Asked, pieces: Iterable[Piece]) -> Iterator[Part]:
    """What gets in, or may: one part for each line, verdict and further bound."""
    grouped: dict[tuple[object, ...], list[Piece]] = {}
    for piece in pieces:
        moved = piece.decision.moved
        key = (
            _word(asked, piece), _opener(asked, piece)[:2], None if moved is None else moved.rule.span[:2],
            _interfaces(asked, piece), _sports(piece), _destinations(asked, piece),
        )  # fmt: skip
        grouped.setdefault(key, []).append(piece)
    for same in grouped.values():
        piece = same[0]
        addresses = union(each.addresses for each in same)
        word = _word(asked, piece)
        sports = _sports(piece) or piece.decision.cell[Axis.SPORT]
        destinations = piece.decision.cell[Axis.DESTINATION] & asked.destinations
        packet = _packet(asked, addresses, sports, destinations, _interfaces(asked, piece))
        if word == "depends":
            path, unknown = _perhaps(asked, packet)
        else:
            packet = _settled(asked, packet)
            path, unknown = prove(asked.view.ruleset, packet, "certain").path, ""
        depends_on = _depends(asked, piece, unknown) if word == "depends" else ""
        bounds = tuple(_bounds(asked, piece))
        yield Part(word, addresses, _opener(asked, piece), packet, path, bounds, _moved(asked, piece), depends_on)


def _perhaps(asked: Asked, packet: Packet) -> tuple[tuple[Step, ...], str]:
    """The way of a packet that may get in, and what decides; this one packet need not, where others of its kind may."""
    result = replay(asked.view.ruleset, packet)
    if "accept" in (result.paths or {result.verdict: ()}):
        evidence = prove(asked.view.ruleset, packet, "possible")
        return evidence.path, evidence.depends_on
    return result.path, UNCUT


def _refused(asked: Asked, pieces: Sequence[Piece]) -> Iterator[Part]:
    """What none of the pieces holds, for each kind of interface."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for name in asked.interfaces:
        members = tuple(number for number, piece in enumerate(pieces) if name in piece.decision.interfaces)
        alike.setdefault(members, []).append(name)
    for members, names in alike.items():
        boxes = _left(asked, [pieces[number] for number in members])
        if boxes:
            addresses, sports, destinations = boxes[0]
            packet = _packet(asked, addresses, sports, destinations, tuple(names))
            only = () if len(names) == len(asked.interfaces) else (f"on {' or '.join(names)}",)
            yield _closed(asked, packet, union(box[0] for box in boxes), only)


def _closed(asked: Asked, packet: Packet, addresses: RangeSet, only: tuple[str, ...]) -> Part:
    ruleset = asked.view.ruleset
    packet = _settled(asked, packet)
    result = replay(ruleset, packet, lone=True)
    span = deciding_span(asked.view, result.path)
    if "accept" in (result.paths or {result.verdict: ()}):  # refused in one way or another is refused
        if any(not piece.decision.settled for opening in asked.view.openings for piece in opening.pieces):
            return Part("depends", addresses, span, packet, result.path, only, depends_on=UNCUT)
        raise InternalError(f"two interpreters disagree about {describe(packet)}: refused, and {result.verdict}")
    last = result.path[-1]
    chain = ruleset.tables.get("filter", {}).get(last.chain)
    if last.effect.startswith("default ") and chain is not None and not chain.default_known:
        return Part("depends", addresses, span, packet, result.path, only, depends_on=NO_DEFAULT)
    return Part("closed", addresses, span, packet, result.path, only)


_Box = tuple[RangeSet, RangeSet, RangeSet]
"""Sources, source ports, destinations."""


def _left(asked: Asked, pieces: Iterable[Piece]) -> list[_Box]:
    """The packets that are in no piece."""
    partial: list[_Box] = []
    wholly: list[RangeSet] = []
    for piece in pieces:
        sports, destinations = piece.decision.cell[Axis.SPORT], piece.decision.cell[Axis.DESTINATION]
        if sports >= EPHEMERAL and _destinations(asked, piece) is None:
            wholly.append(piece.addresses)
        else:
            everywhere = _destinations(asked, piece) is None
            partial.append((piece.addresses, sports, asked.destinations if everywhere else destinations))
    rest = asked.addresses - union(wholly)
    boxes = [(rest, EPHEMERAL, asked.destinations)] if rest else []
    for taken in partial:
        boxes = [left for box in boxes for left in _without(box, taken)]
    return boxes


def _without(box: _Box, taken: _Box) -> Iterator[_Box]:
    """A box without another one, as boxes."""
    (sources, sports, destinations), (from_, by, to) = box, taken
    if not (sources & from_ and sports & by and destinations & to):
        yield box
        return
    if sources - from_:
        yield sources - from_, sports, destinations
    if sports - by:
        yield sources & from_, sports - by, destinations
    if destinations - to:
        yield sources & from_, sports & by, destinations - to


def _word(asked: Asked, piece: Piece) -> Word:
    decision = piece.decision
    if not decision.certain or decision.nameless or _by_unknown_default(asked, piece):
        return "depends"
    return "limited" if decision.slowed else "open"


def _by_unknown_default(asked: Asked, piece: Piece) -> bool:
    chain = asked.view.ruleset.tables.get("filter", {}).get(piece.decision.chain)
    return piece.decision.rule is None and chain is not None and not chain.default_known


def _depends(asked: Asked, piece: Piece, unknown: str) -> str:
    if piece.decision.nameless:
        return UNNAMED
    if _by_unknown_default(asked, piece):
        return NO_DEFAULT
    return unknown if piece.decision.settled else UNCUT


def _opener(asked: Asked, piece: Piece) -> Span:
    """The line that lets in: the NAT line where that leads past INPUT, else the one that accepts."""
    decision = piece.decision
    if decision.moved is not None and decision.moved.forwarded:
        return decision.moved.rule.span
    if decision.rule is not None:
        return decision.rule.span
    return chain_span(asked.view.ruleset, "filter", decision.chain)


def _interfaces(asked: Asked, piece: Piece) -> tuple[str, ...]:
    if piece.decision.nameless:
        return piece.decision.interfaces
    return tuple(name for name in asked.interfaces if name in piece.decision.interfaces)


def _sports(piece: Piece) -> RangeSet | None:
    """The source ports, if a client has to choose one; None where any will do."""
    sports = piece.decision.cell[Axis.SPORT]
    return None if sports >= EPHEMERAL else sports


def _destinations(asked: Asked, piece: Piece) -> RangeSet | None:
    """The addresses of the host that are reached; None for all but a few, which are other machines' (``-d`` of a
    container's address in raw): which addresses the host has, nobody said."""
    destinations = piece.decision.cell[Axis.DESTINATION] & asked.destinations
    return None if destinations.size() * 4 >= asked.destinations.size() * 3 else destinations


def _bounds(asked: Asked, piece: Piece) -> Iterator[str]:
    names = _interfaces(asked, piece)
    if piece.decision.nameless or len(names) < len(asked.interfaces):
        yield f"on {' or '.join(names)}"
    destinations = _destinations(asked, piece)
    if destinations is not None:
        family = asked.view.family
        low, high = destinations.ranges[0]
        more = " and others" if len(destinations.ranges) > 1 else ""
        yield f"to {format_network(family, low, high)}{more}"
    sports = _sports(piece)
    if sports is not None:
        low, high = sports.ranges[0]
        more = " and others" if len(sports.ranges) > 1 else ""
        yield f"from source port {low}{more}" if low == high else f"from source ports {low}-{high}{more}"


def _moved(asked: Asked, piece: Piece) -> str:
    moved = piece.decision.moved
    if moved is None:
        return ""
    words = "this host"
    if moved.forwarded and moved.addresses is not None:
        words = format_address(asked.view.family, moved.addresses.first())
    return words if moved.ports is None else f"{words} port {moved.ports.first()}"


def _settled(asked: Asked, packet: Packet) -> Packet:
    """The packet; to one address of the host where lines ask for it, as one line of ``replay`` knows nothing of what
    another one learned about an address that nobody named."""
    if packet.destination is None and replay(asked.view.ruleset, packet, lone=True).verdict == "depends":
        family = asked.view.family
        return packet._replace(destination=readable(UNICAST[family], family, HERE))
    return packet


def _packet(
    asked: Asked, addresses: RangeSet, sports: RangeSet, destinations: RangeSet, interfaces: Sequence[str]
) -> Packet:
    """A readable packet of a box."""
    family = asked.view.family
    if asked.source == LOOPBACK_SOURCE:
        destination: int | None = destinations.first()
        source = addresses.first()
    else:
        destination = None if UNICAST[family] <= destinations else readable(destinations, family, HERE)
        source = readable(addresses, family)
    return Packet(
        family, TRANSPORTS[asked.transport], source, SOURCE_PORT if SOURCE_PORT in sports else sports.first(),
        destination, asked.port, "eth0" if "eth0" in interfaces else interfaces[0],
    )  # fmt: skip
