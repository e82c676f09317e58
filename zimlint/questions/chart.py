"""The map of a host: every service of the catalogue against every class of sources, in both families.

Invariant: a row is left out only if nothing but loopback reaches it and the host's roles and version do not have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from zimlint.checks import Check
from zimlint.exposure import LOOPBACK_SOURCE, Cell, Column, ExposureMap, Mark, Range, Row, Seen, Unlisted, reached
from zimlint.finding import Severity
from zimlint.packets import ALL_PORTS, Family, RangeSet, format_network, parse_address, union
from zimlint.questions.case import Case, Piece, View
from zimlint.questions.exposed import asked_services, misplaced
from zimlint.questions.flows import required
from zimlint.questions.openings import asked_interfaces
from zimlint.questions.reach import Asked, cell_of
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import decide_loopback
from zimlint.semantics.hooks import UNICAST
from zimlint.zimbra.catalogue import TRANSPORTS, Service, Transport, services_on
from zimlint.zimbra.sources import LAN, PUBLIC

_HERE = {Family.IPV4: "127.0.0.1", Family.IPV6: "::1"}
_FRONTS = 8
"""So many ports outside that NAT leads to one service get a row each."""
_WHOLE = ("tree", "dump")
"""What shows the lines for loopback; ``ufw status`` never does."""


def chart(case: Case, checks: Mapping[str, Check], notes: Sequence[str], *, all_ports: bool = False) -> ExposureMap:
    """The map; of several views of a family the one that says most is drawn."""
    planes = [_plane(case, view) for view in _chosen(case)]
    columns = _columns(case, planes)
    services = {(s.protocol, s.port): s for s in asked_services(_EVERYTHING, case)}
    judges = [(check, {(s.protocol, s.port) for s in asked_services(check, case)}) for check in _judges(case, checks)]
    on_host = {s.label for s in services_on(case.catalogue, case.node.roles, version=case.site.version,
                                            proxy=case.site.proxy)}  # fmt: skip
    rows: list[Row] = []
    for service in services.values():
        for front in (None, *_fronts(planes, service)):
            cells = tuple(_judged(case, plane, column.name, service, front, judges)
                          for column in columns for plane in planes if _asks(plane, column.name))  # fmt: skip
            here = (service.exposure == "admin" and service.port == case.site.ssh_port) or service.label in on_host
            if here or reached(cells):
                rows.append(Row(service.port, service.protocol, service.name, service.exposure, here, front, cells))
    rows = _with_needs(case, checks, rows)
    rows.sort(key=lambda row: (row.port, row.protocol, row.front or 0))
    ranges = tuple(_ranges(planes, columns)) if all_ports else ()
    seen = tuple(Seen(plane.view.family, plane.view.ruleset.view, plane.view.ruleset.source) for plane in planes)
    return ExposureMap(case.host.name, seen, columns, tuple(rows), tuple(_unlisted(planes, services)), ranges,
                       tuple(notes))  # fmt: skip


_EVERYTHING = Check("", "off", "exposed", {"classes": ("public", "public-optional", "admin", "cluster", "loopback",
                    "never-public")}, "", "", "", ())  # fmt: skip
"""A check that asks about every row of the catalogue, ssh where the site has it."""


class _Plane(NamedTuple):
    """One family: its view, and all that gets in by class of sources and transport."""

    view: View
    addresses: Mapping[str, RangeSet]
    """By class of sources; none where the family has no address of it."""
    interfaces: Mapping[str, tuple[str, ...]]
    pieces: Mapping[tuple[str, str], tuple[Piece, ...]]
    untold: frozenset[int]
    """Pieces (their ``id``) of which no finding tells, whatever they open."""


def _chosen(case: Case) -> list[View]:
    found: dict[Family, View] = {}
    for view in case.views:
        found.setdefault(view.family, view)
    return [found[family] for family in Family if family in found]


def _plane(case: Case, view: View) -> _Plane:
    family = view.family
    pieces: dict[tuple[str, str], list[Piece]] = {}
    untold: set[int] = set()
    for opening in view.openings:
        for piece in opening.pieces:
            pieces.setdefault((piece.source, piece.transport), []).append(piece)
            if piece.source not in _TOLD_OF.get(opening.kind, (piece.source,)):
                untold.add(id(piece))
    addresses = {name: networks.get(family, RangeSet()) for name, networks in case.networks.items()}
    if view.ruleset.view in _WHOLE:
        here = RangeSet([(parse_address(_HERE[family])[1],) * 2])
        addresses[LOOPBACK_SOURCE] = here
        for decision in decide_loopback(view.ruleset):
            for transport, number in TRANSPORTS.items():
                own = decision.cell[Axis.SOURCE] & here and decision.cell[Axis.DESTINATION] & here
                if own and number in decision.cell[Axis.PROTOCOL]:
                    piece = Piece(decision, transport, decision.cell[Axis.DPORT], LOOPBACK_SOURCE, here)
                    pieces.setdefault((LOOPBACK_SOURCE, transport), []).append(piece)
    interfaces = {name: asked_interfaces(view.ruleset, name, case.site.inside) for name in addresses}
    interfaces[LOOPBACK_SOURCE] = ("lo",)
    held = {key: tuple(found) for key, found in pieces.items()}
    return _Plane(view, addresses, interfaces, held, frozenset(untold))


_TOLD_OF = {"wide": (PUBLIC, LAN), "source-port": (PUBLIC,)}
"""From whom these openings are a fault (``questions/broad.py``); others are from all that a check names."""


def _columns(case: Case, planes: Sequence[_Plane]) -> tuple[Column, ...]:
    """Public and lan, the networks that the site names, and loopback where the input shows it."""
    found = []
    for name in (*case.networks, LOOPBACK_SOURCE):
        held = [(plane.view.family, plane.addresses.get(name, RangeSet())) for plane in planes]
        if any(addresses for _, addresses in held):
            told = name not in (PUBLIC, LAN)
            words = [format_network(family, *pair) for family, addresses in held if told for pair in addresses.ranges]
            found.append(Column(name, tuple(words)))
    return tuple(found)


def _asks(plane: _Plane, source: str) -> bool:
    """Whether a family has packets of a class: a network without an IPv6 address sends none."""
    return bool(plane.addresses.get(source)) and bool(plane.interfaces[source])


def _asked(plane: _Plane, source: str, transport: Transport, port: int) -> Asked:
    addresses = plane.addresses[source]
    destinations = addresses if source == LOOPBACK_SOURCE else UNICAST[plane.view.family]
    return Asked(plane.view, source, transport, port, addresses, destinations, plane.interfaces[source])


def _outside(piece: Piece) -> RangeSet:
    """The ports that packets of a piece go to as they arrive."""
    return piece.decision.cell[Axis.DPORT] if piece.decision.settled else piece.ports


_Judges = Sequence[tuple[Check, set[tuple[Transport, int]]]]


def _judges(case: Case, checks: Mapping[str, Check]) -> Iterator[Check]:
    for check in checks.values():
        word = case.site.severity.get(check.id, "off" if check.severity == "off" else "")
        if check.question == "exposed" and word != "off":
            yield check


def _judged(case: Case, plane: _Plane, source: str, service: Service, front: int | None, judges: _Judges) -> Cell:
    port = service.port if front is None else front
    held = plane.pieces.get((source, service.protocol), ())
    pieces = [piece for piece in held if port in _outside(piece)]
    cell = cell_of(_asked(plane, source, service.protocol, port), pieces)
    if not pieces or source == LOOPBACK_SOURCE:
        return cell
    mark: Mark | None = None
    for check, asked in judges:
        if (service.protocol, service.port) in asked:
            told = [piece for piece in pieces if id(piece) not in plane.untold]
            severity = misplaced(check, case, plane.view, service, told)
            if severity is not None and severity > Severity.INFO and (mark is None or severity > mark.severity):
                mark = Mark(severity, check.id)
    return cell._replace(mark=mark)


def _fronts(planes: Sequence[_Plane], service: Service) -> list[int]:
    """The other ports outside from which NAT leads to a service; the public side of its own proxy is no other port."""
    found: set[int] = set()
    for plane in planes:
        for (source, transport), pieces in plane.pieces.items():
            for piece in pieces if transport == service.protocol and source != LOOPBACK_SOURCE else ():
                moved = piece.decision.moved
                if (
                    moved is None
                    or moved.ports is None
                    or service.port not in moved.ports
                    or not piece.decision.settled
                ):
                    continue
                outside = _outside(piece)
                if service.port not in outside and outside.size() <= _FRONTS:
                    found.update(port for low, high in outside.ranges for port in range(low, high + 1))
    return sorted(found - {service.twin})


def _with_needs(case: Case, checks: Mapping[str, Check], rows: list[Row]) -> list[Row]:
    """The rows, with a mark where a finding says that what must get in does not, and it is shut in every family."""
    check = checks.get("required-port-blocked")
    if check is None or case.site.severity.get(check.id) == "off" or not isinstance(check.severity, Severity):
        return rows
    told = {(label, source) for one in required(check, case) for label in one.ports for source in one.sources}
    word = case.site.severity.get(check.id)
    mark = Mark(Severity[word.upper()] if word else check.severity, check.id)
    found = []
    for row in rows:
        shut = {cell.source for cell in row.cells if (row.label, cell.source) in told and row.front is None
                and all(other.verdict == "closed" for other in row.of(cell.source))}  # fmt: skip
        cells = tuple(cell._replace(mark=mark) if cell.source in shut else cell for cell in row.cells)
        found.append(row._replace(cells=cells))
    return found


def _unlisted(planes: Sequence[_Plane], services: Mapping[tuple[Transport, int], Service]) -> Iterator[Unlisted]:
    """The open ports that the catalogue does not have."""
    for plane in planes:
        for (source, transport), pieces in plane.pieces.items():
            known = RangeSet((port, port) for protocol, port in services if protocol == transport)
            ports = union(_outside(piece) for piece in pieces) - known
            if ports and source != LOOPBACK_SOURCE:
                yield Unlisted(source, plane.view.family, transport, ports)


def _ranges(planes: Sequence[_Plane], columns: Sequence[Column]) -> Iterator[Range]:
    """All ports that something reaches, cut where other lines decide."""
    for transport in TRANSPORTS:
        for column in columns:
            for plane in planes:
                pieces = plane.pieces.get((column.name, transport), ())
                for members, ports in _cut(pieces) if _asks(plane, column.name) else ():
                    cell = cell_of(_asked(plane, column.name, transport, ports.first()), members)
                    yield Range(ports, transport, cell)


def _cut(pieces: Sequence[Piece]) -> Iterator[tuple[list[Piece], RangeSet]]:
    """The ports in parts that no piece cuts, each with the pieces that hold it."""
    edges: dict[int, list[int]] = {}
    for number, piece in enumerate(pieces):
        for low, high in _outside(piece).ranges:
            edges.setdefault(low, []).append(number)
            edges.setdefault(high + 1, []).append(number)
    found: dict[frozenset[int], list[tuple[int, int]]] = {}
    alive: set[int] = set()
    top = ALL_PORTS.ranges[-1][1]
    places = sorted({*edges, top + 1})
    for place, after in pairwise(places):
        alive.symmetric_difference_update(edges[place])
        if alive:
            found.setdefault(frozenset(alive), []).append((place, after - 1))
    for members, ranges in found.items():
        yield [pieces[number] for number in sorted(members)], RangeSet(ranges)
