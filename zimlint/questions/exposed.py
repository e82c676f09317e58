"""Does a service that is not for everybody accept those it is not for?

Params: ``ports`` and ``classes`` say which services (``ssh`` is the site's own port), ``except`` leaves some out;
``allowed`` says which sources may come in; ``nobody`` lists the ports that no source at all may reach;
``lan`` is the severity if only undeclared private networks get in; ``limited`` the one behind a rate limit.

Invariant: asks what gets in, never how the line is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from zimlint.checks import Check
from zimlint.finding import Finding, Severity
from zimlint.model import InInterface
from zimlint.questions.case import Case, Opening, Piece, View, opening_span
from zimlint.questions.findings import accepts, finding, in_order, is_secret, origin, proof, service_words
from zimlint.questions.openings import by_vpn, vpn_interfaces
from zimlint.zimbra.catalogue import Service, Transport
from zimlint.zimbra.site import also_allowed

Key = tuple[Transport, int]

NARROW = {32: 1 << 16, 128: 1 << 96}
"""Up to a /16 (IPv4) or a /32 (IPv6) a source counts as named; limiting ssh to one is the advice, not a fault."""


def exposed(check: Check, case: Case) -> Iterator[Finding]:
    """One finding for each line that lets the wrong sources to the check's services."""
    services = {(service.protocol, service.port): service for service in asked_services(check, case)}
    for view in case.views:
        for opening in view.of_kind("ports"):
            yield from _judge(check, case, view, opening, services)


def asked_services(check: Check, case: Case) -> tuple[Service, ...]:
    """The catalogue rows that a check is about, for this site."""
    params = check.params
    ports, classes, left_out = (_words(params.get(key)) for key in ("ports", "classes", "except"))
    found = []
    for service in case.catalogue.services.values():
        is_ssh = service.label == "22/tcp"
        named = service.label in ports or service.exposure in classes or (is_ssh and "ssh" in ports)
        if named and service.label not in left_out:
            found.append(_with_port(service, case.site.ssh_port) if is_ssh else service)
    return tuple(found)


def misplaced(check: Check, case: Case, view: View, service: Service, pieces: Iterable[Piece]) -> Severity | None:
    """How bad the check finds it that these pieces reach a service; None where they may."""
    wrong = [
        piece for piece in pieces if _wrong(check, case, view, service, piece)
        if piece.decision.certain or not is_secret(view, piece, service.port)
    ]  # fmt: skip
    key: Key = (service.protocol, service.port)
    severity = _severity(check, case, {key: None}, {key: service}, wrong)
    if not wrong or not isinstance(severity, Severity):
        return None
    word = case.site.severity.get(check.id, "")
    if not word and "limited" in check.params and all(p.decision.certain and p.decision.slowed for p in wrong):
        word = str(check.params["limited"])
    return Severity[word.upper()] if word else severity


def _with_port(service: Service, port: int) -> Service:
    return service if service.port == port else service._replace(port=port)


def _judge(check: Check, case: Case, view: View, opening: Opening, services: dict[Key, Service]) -> Iterator[Finding]:
    hits: dict[Key, None] = {}
    pieces: list[Piece] = []
    sources: set[str] = set()
    for piece in opening.pieces:
        found = [
            key
            for key, service in services.items()
            if key[0] == piece.transport and key[1] in piece.ports and _wrong(check, case, view, service, piece)
        ]
        if found:
            pieces.append(piece)
            sources.add(piece.source)
            hits.update(dict.fromkeys(found))
    severity = _severity(check, case, hits, services, pieces)
    if not hits or isinstance(severity, str):
        return
    worst = [piece for piece in pieces if piece.source != "lan"] or pieces
    proven = proof(view, worst, hits)
    if proven is None:
        return
    certainty, evidence = proven
    named = sorted((services[key] for key in hits), key=lambda service: (service.port, service.protocol))
    verb = accepts(len(named), certainty)
    limited = certainty == "certain" and all(piece.decision.slowed for piece in pieces)
    tail = ", limited in rate" if limited else ""
    front = evidence.packet.destination_port
    if all(service.port != front for service in named):
        tail += f" by port {front}, from where it is redirected"
    if limited and "limited" in check.params:
        severity = Severity[str(check.params["limited"]).upper()]
    vpn = _vpn_of(case, opening, pieces) if severity is Severity.INFO else ""
    told = finding(
        check, case, opening_span(view, opening),
        f"{service_words(named)} {verb} {origin(evidence.packet)}{f' by the VPN {vpn}' if vpn else ''}{tail}",
        severity=severity, certainty=certainty, families=[view.family], ports=[service.label for service in named],
        sources=in_order(case, sources), evidence=evidence,
    )  # fmt: skip
    yield told._replace(fix=told.fix + _TRUSTED.format(vpn)) if vpn else told


_TRUSTED = " If whoever is in the VPN may get there, write `interfaces: {{inside: [{}]}}` in .zimlint.yaml."


def _vpn_of(case: Case, opening: Opening, pieces: Sequence[Piece]) -> str:
    """The VPN interfaces by which alone these packets come in, as the line has them; empty if they come otherwise."""
    by_piece = [vpn_interfaces(piece.decision, case.site.inside) for piece in pieces]
    if not all(by_piece):
        return ""
    conditions = opening.rule.conditions if opening.rule else ()
    patterns = [c.pattern for c in conditions if isinstance(c, InInterface) and not c.negated]
    return ", ".join(patterns or sorted({name for names in by_piece for name in names}))


def _wrong(check: Check, case: Case, view: View, service: Service, piece: Piece) -> bool:
    """Whether this service must not be reached from there."""
    if service.label in _words(check.params.get("nobody")):
        return True
    allowed = _words(check.params.get("allowed"))
    if piece.source not in ("public", "lan") and "declared" in allowed:
        return False
    if piece.source in allowed and (piece.source != "cluster" or service.from_roles):
        return False
    declared = any(case.networks[name].get(view.family) for name in allowed if name in case.networks)
    if piece.source == "lan" and not declared and by_vpn(piece.decision, case.site.inside):
        return False  # a VPN is how the consoles are to be reached, and how nodes talk over foreign networks
    left = piece.addresses - also_allowed(case.site, view.family, service.port, service.protocol)
    if "ssh" in _words(check.params.get("ports")) and service.port == case.site.ssh_port:
        return left.size() > NARROW[view.family.bits]
    return bool(left)


def _severity(
    check: Check, case: Case, hits: dict[Key, None], services: dict[Key, Service], pieces: Sequence[Piece]
) -> Severity | Literal["off"] | None:
    nobody = any(services[key].label in _words(check.params.get("nobody")) for key in hits)
    severity = check.severity if isinstance(check.severity, Severity) else None
    if pieces and not nobody and all(piece.source == "lan" for piece in pieces):
        word = check.params.get("lan")
        if word == "off":
            return "off"
        severity = Severity[word.upper()] if isinstance(word, str) else severity
    if severity and not nobody and all(by_vpn(piece.decision, case.site.inside) for piece in pieces):
        return Severity.INFO  # nobody comes in without the keys of the VPN
    return severity


def _words(param: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if param is None:
        return ()
    return (param,) if isinstance(param, str) else param
