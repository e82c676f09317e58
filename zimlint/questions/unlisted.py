"""Ports that are open though nothing of Zimbra is there: unknown ones, the other protocol, those of old versions.

Invariant: what the site declares under ``also_allowed`` is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.packets import RangeSet
from zimlint.questions.case import Case, Opening, Piece, View, opening_span
from zimlint.questions.findings import accepts, finding, in_order, origin, port_labels, proof, service_words
from zimlint.source import Source
from zimlint.zimbra.catalogue import TRANSPORTS, Transport, is_stale
from zimlint.zimbra.site import also_allowed
from zimlint.zimbra.tools import Tool, adds_to, keeper, load_tools


def unlisted(check: Check, case: Case) -> Iterator[Finding]:
    """A public source reaches a port that no Zimbra service uses and the site does not name."""
    for view in case.views:
        tcp, tools = _tcp_by_line(view), load_tools()
        for opening in view.of_kind("ports"):
            own = _own_ports(keeper(tools, opening.chain, view.ruleset.tables.get("filter", {})), opening.chain)
            unknown = {t: _unknown(case, view, opening, t, tcp) - own for t in TRANSPORTS}
            labels = [label for transport, ports in unknown.items() for label in port_labels(ports, transport)]
            pieces = [piece for piece in opening.pieces if piece.source == "public" and unknown[piece.transport]]
            proven = proof(view, pieces, [(t, ports.first()) for t, ports in unknown.items() if ports])
            if not labels or proven is None:
                continue
            certainty, evidence = proven
            shown = ", ".join(labels[:4]) + (f" and {len(labels) - 4} more" if len(labels) > 4 else "")
            told = finding(
                check, case, opening_span(view, opening),
                f"{shown}, which no Zimbra service uses, {accepts(len(labels), certainty)} {origin(evidence.packet)}",
                certainty=certainty, families=[view.family], ports=labels, sources=["public"], evidence=evidence,
            )  # fmt: skip
            yield told._replace(fix=told.fix + _where_ssh_is(case, view, labels))


def _where_ssh_is(case: Case, view: View, labels: Sequence[str]) -> str:
    """What to write where an open port may be that of ssh, as nobody reaches the port where ssh is said to be."""
    single = next((label.removesuffix("/tcp") for label in labels if label.endswith("/tcp") and "-" not in label), None)
    reached = any(piece.transport == "tcp" and case.site.ssh_port in piece.ports
                  for opening in view.openings for piece in opening.pieces)  # fmt: skip
    if single is None or reached:
        return ""
    return f" If ssh listens there, write `ssh_port: {single}` in .zimlint.yaml."


def _own_ports(tool: Tool | None, chain: str) -> RangeSet:
    """What a program opens for itself, in a chain that nobody else adds lines to."""
    if tool is None or adds_to(tool, chain):
        return RangeSet()
    return RangeSet((port, port) for port in tool.own_ports)


def _unknown(case: Case, view: View, opening: Opening, transport: Transport, tcp: _ByLine) -> RangeSet:
    """The ports that the public reaches by this line and nobody knows of."""
    ports = opening.ports(transport, "public")
    known = [(service.port, service.port) for service in case.catalogue.services.values()
             if (service.protocol == transport and service.label != "22/tcp")  # ssh is where the site has it
             or _other_half(tcp, opening, transport, service.port)]  # fmt: skip
    if transport == "tcp":
        known.append((case.site.ssh_port, case.site.ssh_port))
    left = ports - RangeSet(known)
    for allowed in case.site.also_allowed:
        if (
            allowed.protocol == transport
            and left & allowed.ports
            and _covers(case, view, opening, transport, allowed.ports)
        ):
            left = left - allowed.ports
    return left


def _covers(case: Case, view: View, opening: Opening, transport: Transport, ports: RangeSet) -> bool:
    """Whether all public sources that reach these ports are ones that the site allows there."""
    return all(
        not piece.addresses - also_allowed(case.site, view.family, port, transport)
        for piece in opening.pieces
        if piece.source == "public" and piece.transport == transport
        for port in [low for low, _ in (piece.ports & ports).ranges]
    )


def protocol_missing(check: Check, case: Case) -> Iterator[Finding]:
    """A line without protocol opens udp for a service that has none."""
    for view in case.views:
        tcp = _tcp_by_line(view)
        for opening in view.of_kind("ports"):
            hit: list[Piece] = []
            services = []
            for service in case.catalogue.services.values():
                if service.protocol == "udp" or (service.port, "udp") in case.catalogue.services:
                    continue
                pieces = [p for p in opening.pieces if p.transport == "udp" and service.port in p.ports]
                if pieces and _other_half(tcp, opening, "udp", service.port):
                    hit += pieces
                    services.append(service)
            proven = proof(view, hit, [("udp", service.port) for service in services])
            if proven is not None:
                certainty, evidence = proven
                yield finding(
                    check, case, opening_span(view, opening),
                    f"{service_words(services)} is tcp only, and the rule opens udp as well",
                    certainty=certainty, families=[view.family], ports=[f"{s.port}/udp" for s in services],
                    sources=in_order(case, (piece.source for piece in hit)), evidence=evidence,
                )  # fmt: skip


_ByLine = Mapping[tuple[Source, int], Sequence[RangeSet]]


def _tcp_by_line(view: View) -> _ByLine:
    """The tcp ports that each line opens; a host may have thousands of such lines, so no question goes through all."""
    found: dict[tuple[Source, int], list[RangeSet]] = {}
    for opening in view.openings:
        if opening.rule is not None:
            span = opening.rule.span
            found.setdefault((span.source, span.line), []).extend(
                piece.ports for piece in opening.pieces if piece.transport == "tcp"
            )
    return found


def _other_half(tcp: _ByLine, opening: Opening, transport: Transport, port: int) -> bool:
    """Whether the line beside this one (or the same) opens the same port of the other protocol: one rule of ufw's."""
    if transport == "tcp" or opening.rule is None:
        return False
    span = opening.rule.span
    return any(
        mine.ports in tcp.get((span.source, line), ())
        for mine in opening.pieces
        if mine.transport == transport and port in mine.ports
        for line in (span.line - 1, span.line, span.line + 1)
    )


def stale(check: Check, case: Case) -> Iterator[Finding]:
    """A line opens a port that the declared Zimbra version no longer uses."""
    old = [service for service in case.catalogue.services.values() if is_stale(service, case.site.version)]
    for view in case.views:
        for opening in view.of_kind("ports"):
            hit = [s for s in old if any(p.transport == s.protocol and s.port in p.ports for p in opening.pieces)]
            proven = proof(view, opening.pieces, [(service.protocol, service.port) for service in hit])
            if proven is not None:
                certainty, evidence = proven
                version = ".".join(map(str, case.site.version or ()))
                yield finding(
                    check, case, opening_span(view, opening),
                    f"Zimbra {version} no longer uses {service_words(hit)}",
                    certainty=certainty, families=[view.family], ports=[service.label for service in hit],
                    sources=in_order(case, (piece.source for piece in opening.pieces)), evidence=evidence,
                )  # fmt: skip
