"""What happens to packets that no line names, and whether the firewall is there at all.

Invariant: a chain that ends in a catch-all refusal is as good as one whose default refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.model import Verdict
from zimlint.packets import TCP, Family, Packet, parse_address, union
from zimlint.questions.case import Case, Piece, View, chain_span, dump_shows_ufw, opening_span, switched_off
from zimlint.questions.findings import accepts, finding, origin, port_labels, port_words, proof, service_words
from zimlint.questions.flows import OUTSIDER, decider, told_as_shut, untracked_words
from zimlint.questions.openings import ENOUGH, broad
from zimlint.questions.witness import SOURCE_PORT, refused
from zimlint.semantics.replay import replay_forward
from zimlint.source import Span
from zimlint.zimbra.catalogue import TRANSPORTS, Service, Transport, services_on

_UNNAMED: tuple[tuple[Transport, int], ...] = (
    ("tcp", 11211), ("tcp", 7071), ("udp", 11211), ("tcp", 389), ("tcp", 9999), ("udp", 9999),
)  # fmt: skip


def default(check: Check, case: Case) -> Iterator[Finding]:
    """The end of INPUT or FORWARD accepts."""
    if check.params.get("chain") == "FORWARD":
        yield from _forward(check, case)
        return
    told = _told_otherwise(case)
    for view in case.views:
        pieces = _by_default(case, view)
        if pieces and id(view) not in told:
            yield from _finding(check, case, view, pieces, "no line names it, and INPUT accepts by default")


def _told_otherwise(case: Case) -> set[int]:
    """The views whose open default is the consequence of a fault that another check tells."""
    told = {id(view) for view, _ in (*_empty(case), *_beside(case))}
    if case.host.status is not None and not case.host.status.active:
        told |= {id(view) for view in case.views if view.ruleset.view == "status"}
    if any(p.check == "policy-misread" and "POLICY" in p.span.source.line(p.span.line) for p in case.problems()):
        told |= {id(view) for view in case.views if view.ruleset.view == "tree"}
    return told


def _by_default(case: Case, view: View) -> list[Piece]:
    """What a default lets in from the public at large; nothing where the default is not known."""
    if not _known(view):
        return []
    public = case.networks["public"][view.family]
    return [
        piece
        for opening in view.of_kind("default")
        for piece in opening.pieces
        if piece.source == "public" and broad(piece.addresses, public)
    ]


def _known(view: View) -> bool:
    chain = view.ruleset.tables.get("filter", {}).get("INPUT")
    return "filter" not in view.ruleset.unknown and (chain is None or chain.default_known)


def _finding(check: Check, case: Case, view: View, pieces: Sequence[Piece], why: str) -> Iterator[Finding]:
    proven = proof(view, pieces, [*_UNNAMED, *((piece.transport, piece.ports.first()) for piece in pieces)])
    if proven is None:
        return
    certainty, evidence = proven
    open_to_all = [
        service for service in case.catalogue.services.values()
        if service.internet == "no" and service.exposure != "public"
        and any(piece.transport == service.protocol and service.port in piece.ports for piece in pieces)
    ]  # fmt: skip
    yield finding(
        check, case, chain_span(view.ruleset, "filter", "INPUT"),
        f"{port_words(case, evidence.packet.destination_port)} {accepts(1, certainty)} {origin(evidence.packet)}: {why}"
        + (f"; {len(open_to_all)} internal services are open" if len(open_to_all) > 1 else ""),
        certainty=certainty, families=[view.family],
        ports=[label for transport in TRANSPORTS for label in _labels(pieces, transport)],
        sources=["public"], evidence=evidence,
    )  # fmt: skip


def _labels(pieces: Sequence[Piece], transport: Transport) -> Sequence[str]:
    """The ports of a transport that a default lets in, all of them where lines take only some out."""
    ports = union(piece.ports for piece in pieces if piece.transport == transport)
    return (f"0-65535/{transport}",) if ports.size() > ENOUGH else port_labels(ports, transport)


def _forward(check: Check, case: Case) -> Iterator[Finding]:
    """Routed packets that no line names are let through."""
    skipped = _told_otherwise(case)
    for view in case.views:
        forward = view.ruleset.tables.get("filter", {}).get("FORWARD")
        if id(view) in skipped or forward is None or "filter" in view.ruleset.unknown:
            continue
        if not forward.default_known or forward.default is not Verdict.ACCEPT:
            continue
        packet = _routed(view.family)
        result = replay_forward(view.ruleset, packet)
        if result.verdict == "accept":
            yield finding(
                check, case, chain_span(view.ruleset, "filter", "FORWARD"),
                "routed packets that no line names pass: FORWARD accepts by default",
                families=[view.family], evidence=Evidence(packet, result.path),
            )  # fmt: skip


def _routed(family: Family) -> Packet:
    """A packet that nobody would name, on its way through the host."""
    source, destination = (
        ("203.0.113.9", "198.51.100.77") if family is Family.IPV4 else ("2001:db8::9", "2001:db8:ffff::77")
    )
    return Packet(family, TCP, parse_address(source)[1], SOURCE_PORT, parse_address(destination)[1], 9999, "eth0")


def disabled(check: Check, case: Case) -> Iterator[Finding]:
    """The firewall is off: ufw says so, or INPUT holds no line and accepts."""
    switch = switched_off(case)
    status = case.host.status
    loaded = status is not None and status.active
    if switch is not None and not loaded and not dump_shows_ufw(case):
        yield finding(check, case, switch.span, f"ufw is off: ENABLED={switch.boot or ''}, so nothing is loaded")
        return
    if status is not None and not status.active:
        yield finding(check, case, status.span, "ufw says that it is inactive: every port of the host is open")
        return
    for view, pieces in _empty(case):
        shown = "filter" in view.ruleset.tables
        why = "INPUT holds no line and accepts" if shown else "there is no table filter, so INPUT accepts"
        yield from _finding(check, case, view, pieces, why)


def _empty(case: Case) -> Iterator[tuple[View, Sequence[Piece]]]:
    """The dumps whose INPUT has no line and accepts, unless only IPv6 is so."""
    guarded = any(view.family is Family.IPV4 and not _by_default(case, view) for view in case.views)
    for view in case.views:
        if view.ruleset.view == "dump" and _without_lines(view) and (view.family is Family.IPV4 or not guarded):
            pieces = _by_default(case, view)
            if pieces:
                yield view, pieces


def _without_lines(view: View) -> bool:
    chain = view.ruleset.tables.get("filter", {}).get("INPUT")
    return chain is None or not chain.rules


def family(check: Check, case: Case) -> Iterator[Finding]:
    """IPv4 and IPv6 judged side by side."""
    if check.params.get("kind") == "unfiltered":
        for view, pieces in _beside(case):
            yield from _finding(check, case, view, pieces, "IPv6 accepts by default what IPv4 refuses")
        return
    yield from _mismatch(check, case)


def _beside(case: Case) -> Iterator[tuple[View, Sequence[Piece]]]:
    """IPv6 views that accept by default beside an IPv4 view that does not."""
    for view in case.views:
        if view.family is Family.IPV6:
            others = [v for v in case.views if v.family is Family.IPV4 and v.ruleset.view == view.ruleset.view]
            pieces = _by_default(case, view)
            if pieces and others and all(_known(v) and not _by_default(case, v) for v in others):
                yield view, pieces


def _mismatch(check: Check, case: Case) -> Iterator[Finding]:
    """A public service that one family offers and the other does not."""
    pairs = [
        (one, other)
        for one in case.whole() if one.family is Family.IPV4
        for other in case.whole() if other.family is Family.IPV6 and other.ruleset.view == one.ruleset.view
    ]  # fmt: skip
    offered = [s for s in case.catalogue.services.values() if s.internet in ("required", "optional")]
    on_host = services_on(case.catalogue, case.node.roles, version=case.site.version, proxy=case.site.proxy)
    for four, six in pairs:
        if any(True for view in (four, six) for _ in view.of_kind("default", "everything")):
            continue
        told = told_as_shut(case, four)
        left = [service for service in offered if service.label not in told]
        yield from _differing(check, case, four, six, "public", left)
        if all(case.networks["cluster"].get(family) for family in Family):  # administrators may well use one family
            between = [service for service in on_host if service.exposure == "cluster"]
            yield from _differing(check, case, four, six, "cluster", between)


def _differing(
    check: Check, case: Case, four: View, six: View, source: str, services: Sequence[Service]
) -> Iterator[Finding]:
    """The services that a class of sources reaches in one family only; nothing where it reaches none in the other."""
    if source != "public" and any(p.source == source for v in (four, six) for o in v.of_kind("wide") for p in o.pieces):
        return
    reached = [{s.label for s in services if _reached(view, source, s.protocol, s.port)} for view in (four, six)]
    differing = [s for s in services if (s.label in reached[0]) != (s.label in reached[1])]
    if not all(reached) or not differing:
        return
    first = differing[0]
    more, less = (four, six) if first.label in reached[0] else (six, four)
    opener = next(opening for opening in more.openings if first.port in opening.ports(first.protocol, source))
    proven = proof(more, [piece for piece in opener.pieces if piece.source == source], [(first.protocol, first.port)])
    verb = "are" if len(differing) > 1 else "is"
    alike = len({service.label in reached[0] for service in differing}) == 1
    where = f"open over {more.family.title} and shut over {less.family.title}" if alike else "open over one family only"
    to = "" if source == "public" else ", for other nodes"
    yield finding(
        check, case, _untracked(less, first) or opening_span(more, opener),
        f"{service_words(differing)} {verb} {where}{to}",
        families=[Family.IPV4, Family.IPV6], ports=[service.label for service in differing], sources=[source],
        evidence=proven[1] if proven else None,
    )  # fmt: skip


def _untracked(view: View, service: Service) -> Span | None:
    """The line that shuts a service by exempting it from connection tracking, where that is what shuts it."""
    outsider = parse_address(OUTSIDER[view.family])[1]
    packet = Packet(view.family, TRANSPORTS[service.protocol], outsider, SOURCE_PORT, None, service.port, "eth0")
    hit = refused(view.ruleset, [packet]) if "raw" in view.ruleset.tables else None
    span = None if hit is None else decider(view, hit[1].path, packet)
    return span if span is not None and untracked_words(view, span) else None


def _reached(view: View, source: str, transport: Transport, port: int) -> bool:
    return any(port in opening.ports(transport, source) for opening in view.openings)
