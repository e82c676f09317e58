"""Lines that open far more than a service: everything, or everything for those who choose their source port, or
whatever NAT sends past INPUT.

Invariant: one finding a line, with the ports that matter named in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zimlint.checks import Check
from zimlint.finding import Finding, Severity
from zimlint.model import DstPorts, InInterface
from zimlint.packets import RangeSet, format_network, union
from zimlint.questions.case import Case, Opening, Piece, View, opening_span
from zimlint.questions.findings import accepts, finding, in_order, origin, port_labels, port_words, proof
from zimlint.questions.openings import by_vpn, from_any_port
from zimlint.source import Span
from zimlint.zimbra.catalogue import TRANSPORTS, Service, Transport
from zimlint.zimbra.site import also_allowed

_PROBES: tuple[tuple[Transport, int], ...] = (
    ("tcp", 7071),
    ("tcp", 11211),
    ("udp", 11211),
    ("tcp", 389),
    ("tcp", 1),
    ("udp", 1),
)


def everything(check: Check, case: Case) -> Iterator[Finding]:
    """A line lets a source reach every port: the public at large (``from: public``), or a network (``undeclared``)."""
    public = check.params.get("from") == "public"
    for view in case.views:
        for opening in view.of_kind("everything" if public else "wide"):
            pieces = [piece for piece in opening.pieces if public or piece.source in ("public", "lan")]
            shown = [piece for piece in pieces if not public or piece.source == "public"]
            proven = proof(view, shown, _reached(shown))
            if proven is None:
                continue
            certainty, evidence = proven
            whole = [t for t in TRANSPORTS if any(p.transport == t and p.ports.size() > 1000 for p in pieces)]
            vpn = all(by_vpn(piece.decision, case.site.inside) for piece in pieces)
            who = "everybody" if public else _networks(case, view, pieces, vpn)
            verb = "may let" if certainty == "possible" else "lets"
            yield finding(
                check, case, opening_span(view, opening),
                f"one line {verb} {who}{_by(opening)} reach {_how_many(opening)} port ({', '.join(whole)}), "
                f"{port_words(case, evidence.packet.destination_port)} among them",
                severity=Severity.INFO if vpn else None, certainty=certainty, families=[view.family],
                ports=[f"0-65535/{transport}" for transport in whole],
                sources=in_order(case, (piece.source for piece in pieces)), evidence=evidence,
            )  # fmt: skip


def _by(opening: Opening) -> str:
    """The interface that the line names: whether it faces the internet, the rules do not say."""
    conditions = opening.rule.conditions if opening.rule else ()
    names = [c.pattern for c in conditions if isinstance(c, InInterface) and not c.negated]
    return f" on {names[0]}" if names else ""


def _how_many(opening: Opening) -> str:
    bounded = opening.rule is not None and any(isinstance(c, DstPorts) for c in opening.rule.conditions)
    return "nearly every" if bounded else "every"


def _reached(pieces: Sequence[Piece]) -> list[tuple[str, int]]:
    """Ports worth showing, then any that is reached at all."""
    return [*_PROBES, *((piece.transport, piece.ports.first()) for piece in pieces)]


def _networks(case: Case, view: View, pieces: Sequence[Piece], vpn: bool) -> str:
    reached = union(piece.addresses for piece in pieces)
    if vpn and case.networks["lan"].get(view.family, RangeSet()) <= reached:
        return "all machines of a VPN"
    shown = [format_network(view.family, low, high) for low, high in reached.ranges[:3]]
    return ", ".join(shown) + (" and others" if len(reached.ranges) > 3 else "")


def source_port(check: Check, case: Case) -> Iterator[Finding]:
    """Whoever chooses the source port gets to ports that are closed to him otherwise."""
    for view in case.views:
        anyway = _open_anyway(view)
        for opening in view.of_kind("source-port"):
            left = _closed_otherwise(opening, anyway)
            pieces = [piece for piece, _ in left]
            gained = {t: union(ports for piece, ports in left if piece.transport == t) for t in TRANSPORTS}
            probes = [(t, p) for t, p in _PROBES if p in gained[t]]
            proven = proof(view, pieces, probes or [(t, ports.first()) for t, ports in gained.items() if ports])
            if proven is None:
                continue
            certainty, evidence = proven
            labels = [label for transport, ports in gained.items() for label in port_labels(ports, transport)]
            packet = evidence.packet
            yield finding(
                check, case, opening_span(view, opening),
                f"{port_words(case, packet.destination_port)} {accepts(1, certainty)} {origin(packet)} "
                f"because it sends from port {packet.source_port}",
                certainty=certainty, families=[view.family], ports=labels, sources=["public"], evidence=evidence,
            )  # fmt: skip


_Anyway = Mapping[tuple[Transport, tuple[str, ...]], Mapping[RangeSet, RangeSet]]
"""For a transport and interfaces: ports, and the public sources that reach them from any source port."""


def _open_anyway(view: View) -> _Anyway:
    found: dict[tuple[Transport, tuple[str, ...]], dict[RangeSet, list[RangeSet]]] = {}
    for opening in view.openings:
        for piece in opening.pieces:
            if piece.source == "public" and from_any_port(piece):
                by_ports = found.setdefault((piece.transport, piece.decision.interfaces), {})
                by_ports.setdefault(piece.ports, []).append(piece.addresses)
    return {key: {ports: union(sources) for ports, sources in by_ports.items()} for key, by_ports in found.items()}


def _closed_otherwise(opening: Opening, anyway: _Anyway) -> list[tuple[Piece, RangeSet]]:
    """The public pieces of an opening whose sources reach ports by no other line, and those ports."""
    found = []
    for piece in opening.pieces:
        if piece.source != "public":
            continue
        mine = set(piece.decision.interfaces)
        others = [
            pair
            for (transport, interfaces), by_ports in anyway.items()
            if transport == piece.transport and mine <= set(interfaces)
            for pair in by_ports.items()
        ]
        left = piece.ports - union(ports for ports, sources in others if piece.addresses <= sources)
        if left:
            apart = piece.addresses - union(sources for ports, sources in others if ports & left)
            found.append((piece._replace(addresses=apart or piece.addresses), left))
    return found


def published(check: Check, case: Case) -> Iterator[Finding]:
    """NAT sends a packet for the host elsewhere, and the forward chains let it: INPUT is never asked."""
    for view in case.views:
        for opening in view.of_kind("published"):
            bad = [(piece, _bad_port(case, view, piece)) for piece in opening.pieces if piece.source == "public"]
            pieces = [piece for piece, port in bad if port is not None]
            outside = next((port for _, port in bad if port is not None), None)
            moved = pieces[0].decision.moved if pieces else None
            if outside is None or moved is None:
                continue
            proven = proof(view, pieces, [(pieces[0].transport, outside)])
            if proven is None:
                continue
            certainty, evidence = proven
            inside = outside
            if moved.ports is not None and outside not in moved.ports:
                inside = moved.ports.first()
            where = "elsewhere,"
            if moved.addresses is not None and moved.addresses.size() == 1:
                where = f"on to {format_network(view.family, *moved.addresses.ranges[0])}"
            known = _service(case, pieces[0].transport, inside) or _service(case, pieces[0].transport, outside)
            name = f"{known.name} " if known else ""
            labels = [
                label for t in TRANSPORTS for label in port_labels(opening.ports(t, "public"), t)
                if any(piece.transport == t for piece in pieces)
            ]  # fmt: skip
            severity = None if known and known.exposure != "public" else Severity.WARNING
            yield finding(
                check, case, opening_span(view, opening),
                f"{name}{outside}/{pieces[0].transport} {accepts(1, certainty)} {origin(evidence.packet)} past INPUT: "
                f"it is sent {where} port {inside}",
                severity=severity, certainty=certainty, families=[view.family], ports=labels[:50],
                sources=in_order(case, ["public"]), evidence=evidence,
                related=_forwarders(pieces),
            )  # fmt: skip


def _forwarders(pieces: Sequence[Piece]) -> list[tuple[Span, str]]:
    """The line that lets the packets go on, beside the NAT line that the finding stands at."""
    rule = pieces[0].decision.rule
    return [(rule.span, "the line that lets it go on")] if rule is not None else []


def _bad_port(case: Case, view: View, piece: Piece) -> int | None:
    """A port of the host by which something is reached that is not for the public; None where all is well."""
    moved = piece.decision.moved
    inner = moved.ports if moved is not None else None
    on_transport = [s for s in case.catalogue.services.values() if s.protocol == piece.transport]
    known = [service.port for service in on_transport if service.port in piece.ports]
    sensitive = [port for port in known if _sensitive(_service(case, piece.transport, port))]
    for port in (*sensitive, *known, *(max(low, 1) for low, _ in piece.ports.ranges)):
        inside = port if inner is None or port in inner else inner.first()
        if not piece.addresses - also_allowed(case.site, view.family, port, piece.transport):
            continue
        front, back = _service(case, piece.transport, port), _service(case, piece.transport, inside)
        proper = back is None or back is front or back.exposure.startswith("public")
        if front is None or not front.exposure.startswith("public") or not (proper or front.twin == inside):
            return port
    return None


def _service(case: Case, transport: str, port: int) -> Service | None:
    return case.catalogue.services.get((port, "udp" if transport == "udp" else "tcp"))


def _sensitive(service: Service | None) -> bool:
    """What must not be public by any port: consoles, memcached, what never leaves loopback."""
    return service is not None and (
        service.exposure in ("admin", "loopback", "never-public") or service.port in (7073, 11211)
    )
