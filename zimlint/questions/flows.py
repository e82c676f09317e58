"""What must get in: the services that a mail server is for, its own loopback, replies, and ICMP.

Invariant: only a refusal that no unknown match can turn is told.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.model import FilterRule, Notrack, Ruleset, Step
from zimlint.packets import ICMP, ICMPV6, TCP, UDP, Family, Packet, RangeSet, format_address, parse_address
from zimlint.questions.case import Case, View, chain_span, opening_span, switched_off
from zimlint.questions.findings import finding, service_words
from zimlint.questions.openings import from_any_port
from zimlint.questions.outsiders import refused_anyway
from zimlint.questions.witness import HERE as OWN
from zimlint.questions.witness import SOURCE_PORT, readable, refused
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import decide_loopback
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import Replay
from zimlint.source import Span
from zimlint.zimbra.catalogue import TRANSPORTS, Requirement, Service, requirements
from zimlint.zimbra.site import peers

OUTSIDER = {Family.IPV4: "203.0.113.9", Family.IPV6: "2001:db8::9"}
HERE = {Family.IPV4: "127.0.0.1", Family.IPV6: "::1"}
_LOOPBACK_PORTS = (389, 7171, 10024, 11211)
"""ldap, zmconfigd, amavis, memcached: what Zimbra's parts ask each other on one server."""
_OWN_PORTS = {"ldap": 389, "mailbox": 7071, "memcached": 11211}
"""What a host asks of itself by its host name, so from its own address to its own address, and still over ``lo``."""
_NDP = {
    135: "neighbour solicitation", 136: "neighbour advertisement", 134: "router advertisement",
    133: "router solicitation",
}  # fmt: skip
"""Router and neighbour discovery (RFC 4861), untracked by the kernel (net/netfilter/nf_conntrack_proto_icmpv6.c)."""
_FOR_ALL = ("ports", "everything", "default", "published", "unseen")
"""The openings that make a service reachable: who may send from one port only, or is trusted with all, is not all."""
_TOO_BIG = 2
_FRAGMENTATION_NEEDED = 3 << 8 | 4
"""Destination unreachable, fragmentation needed (RFC 1191); RELATED to the connection whose packet was too large."""
_OF_FAMILY = {"icmp": Family.IPV4, "icmpv6": Family.IPV6}


def required(check: Check, case: Case) -> Iterator[Finding]:
    """A service that the host is there for refuses those it is for; one finding for each line that does it."""
    needs = _needs(case)
    views = [view for view in case.whole() if "filter" not in view.ruleset.unknown and not _off(case, view)]
    for kind in dict.fromkeys(view.ruleset.view for view in views):
        same = [view for view in views if view.ruleset.view == kind]
        blocked: dict[tuple[str, int, str], list[tuple[Requirement, View, Packet, tuple[Step, ...]]]] = {}
        for need in needs:
            hits = [hit for view in same if (hit := _blocked(case, view, need)) is not None]
            asked = [view for view in same if case.networks.get(need.source, {}).get(view.family)]
            if hits and (len(hits) == len(asked) or shut_over_ipv4(case, hits[0][2], need)):
                packet, path, view = hits[0]
                span = decider(view, path, packet)
                blocked.setdefault((span.source.name, span.line, need.source), []).append((need, view, packet, path))
        for (file, line, source), found in blocked.items():
            shut = () if source == "public" else blocked.get((file, line, "public"), ())
            everybody = {need.service.label for need, *_ in shut}  # and so the other nodes
            left = [each for each in found if each[0].service.label not in everybody]
            if left:
                yield _blocked_finding(check, case, left, [view for view in same if view.family is Family.IPV6])


def shut_over_ipv4(case: Case, view: View, need: Requirement) -> bool:
    """Whether a view of IPv4 refuses everybody what the host is there for, and offers something else: that IPv6 has it
    helps few."""
    if view.family is not Family.IPV4 or need.source != "public" or _blocked(case, view, need) is None:
        return False
    offered = [service for service in case.catalogue.services.values() if service.internet in ("required", "optional")]
    return any(s.port in opening.ports(s.protocol, "public") for s in offered for opening in view.openings)


def told_as_shut(case: Case, view: View) -> tuple[str, ...]:
    """The services that are told as shut over IPv4, so that they are no second fault beside IPv6."""
    if "filter" in view.ruleset.unknown or _off(case, view):
        return ()
    return tuple(need.service.label for need in _needs(case) if shut_over_ipv4(case, view, need))


def _needs(case: Case) -> tuple[Requirement, ...]:
    return requirements(
        case.catalogue, case.node.roles, version=case.site.version, proxy=case.site.proxy,
        peers=peers(case.site, case.node),
    )  # fmt: skip


def _blocked(case: Case, view: View, need: Requirement) -> tuple[Packet, tuple[Step, ...], View] | None:
    network = case.networks.get(need.source, {}).get(view.family, RangeSet())
    service = need.service
    if view.ruleset.view == "status" and view.ruleset.unread_lines:
        return None  # a row that was not understood may be the one that opens it
    for opening in view.of_kind(*(_FOR_ALL if need.source == "public" else (*_FOR_ALL, "wide"))):
        for piece in opening.pieces:
            meant = piece.transport == service.protocol and service.port in piece.ports and from_any_port(piece)
            if meant and piece.addresses & network:
                return None
    if not network:
        return None
    protocol = TRANSPORTS[service.protocol]
    packet = Packet(view.family, protocol, readable(network, view.family), SOURCE_PORT, None, service.port, "eth0")
    hit = refused_anyway(case, view, packet, network, need.source)
    return None if hit is None else (hit[0], hit[1].path, view)


def _blocked_finding(
    check: Check, case: Case, found: list[tuple[Requirement, View, Packet, tuple[Step, ...]]], others: Iterable[View]
) -> Finding:
    """``others`` are the views of IPv6, where the services may well be open."""
    need, view, packet, path = found[0]
    services = [each[0].service for each in found]
    verb = "refuse" if len(services) > 1 else "refuses"
    source = format_address(packet.family, packet.source)
    who = "" if need.source == "public" else ", another node"
    span = decider(view, path, packet)
    return finding(
        check, case, span,
        f"{service_words(services)} {verb} {source}{who}{untracked_words(view, span)}",
        families=[view.family], ports=[service.label for service in services], sources=[need.source],
        evidence=Evidence(packet, path), related=_open_elsewhere(services, need.source, others),
    )  # fmt: skip


def _open_elsewhere(services: Iterable[Service], source: str, others: Iterable[View]) -> list[tuple[Span, str]]:
    """The lines by which the services are open in other views."""
    found: dict[Span, list[str]] = {}
    for view in others:
        for service in services:
            openers = (each for each in view.openings if service.port in each.ports(service.protocol, source))
            opener = next(openers, None)
            if opener is not None:
                found.setdefault(opening_span(view, opener), []).append(service.label)
    return [(span, f"{', '.join(labels)} open over IPv6") for span, labels in found.items()]


def decider(view: View, path: tuple[Step, ...], packet: Packet | None = None) -> Span:
    """The last place on a way that stands in the file; the line that exempts the packet from connection tracking, if
    it would get in without that line."""
    exempting = None if packet is None else _exempting(view, {step.span for step in path})
    if exempting is not None and packet is not None and refused(_without(view.ruleset, exempting), [packet]) is None:
        return exempting.span
    for step in reversed(path):
        if step.span is not None:
            return step.span
    return chain_span(view.ruleset, "filter", "INPUT")


def untracked_words(view: View, span: Span) -> str:
    """Why a packet is refused, where a line that exempts it from connection tracking is to blame."""
    return ", as it is exempted from connection tracking here" if _exempting(view, {span}) else ""


def _exempting(view: View, spans: Container[Span | None]) -> FilterRule | None:
    raw = view.ruleset.tables.get("raw", {})
    lines = [rule for chain in raw.values() for rule in chain.rules if isinstance(rule.target, Notrack)]
    return next((rule for rule in lines if rule.span in spans), None)


def _without(ruleset: Ruleset, line: FilterRule) -> Ruleset:
    """The same but for a line of raw."""
    raw = {
        name: chain._replace(rules=tuple(rule for rule in chain.rules if rule is not line))
        for name, chain in ruleset.tables["raw"].items()
    }
    return ruleset._replace(tables={**ruleset.tables, "raw": raw})


def flow(check: Check, case: Case) -> Iterator[Finding]:
    """Loopback, replies, or the ICMP that IPv4 and IPv6 cannot do without, are refused."""
    kind = str(check.params.get("kind"))
    for view in case.whole():
        if "filter" in view.ruleset.unknown or view.ruleset.view == "status" or _off(case, view):
            continue
        if view.family is _OF_FAMILY.get(kind, view.family) and (kind == "loopback" or serves(view)):
            yield from _refusal(check, case, view, kind)


def _refusal(check: Check, case: Case, view: View, kind: str) -> Iterator[Finding]:
    """The first packet of a kind that a view refuses; where replies are refused, ICMP errors are no second fault."""
    hit = _first_refused(case, view, kind)
    if hit is None or (kind == "icmp" and _first_refused(case, view, "replies") is not None):
        return
    packet, result = hit
    span = decider(view, result.path, packet)
    yield finding(
        check, case, span, _words(kind, packet) + untracked_words(view, span), families=[view.family],
        evidence=Evidence(packet, result.path),
    )  # fmt: skip


def _first_refused(case: Case, view: View, kind: str) -> tuple[Packet, Replay] | None:
    packets = _packets(kind, view.family)
    if kind == "loopback":
        return refused(view.ruleset, packets) or _own_address_refused(case, view)
    public = case.networks["public"].get(view.family, RangeSet())
    hits = (refused_anyway(case, view, packet, public if packet.source in public else RangeSet()) for packet in packets)
    return next((hit for hit in hits if hit is not None), None)


def _own_address_refused(case: Case, view: View) -> tuple[Packet, Replay] | None:
    """A connection of the host to its own address that is refused, whichever address that is."""
    family = view.family
    if family is Family.IPV6 and not serves(view):
        return None  # the host need not have an address but ::1
    here = parse_address(OWN[family][0])[1]
    ports = [port for role, port in _OWN_PORTS.items() if role in case.node.roles]
    hit = refused(view.ruleset, [Packet(family, TCP, here, SOURCE_PORT, here, port, "lo") for port in ports])
    port = 0 if hit is None else hit[0].destination_port
    for decision in () if hit is None else decide_loopback(view.ruleset):
        cell = decision.cell
        own = cell[Axis.SOURCE] & cell[Axis.DESTINATION] & UNICAST[family]
        if own and TCP in cell[Axis.PROTOCOL] and port in cell[Axis.DPORT]:
            return None  # lines may name the address that the host has
    return hit


def _off(case: Case, view: View) -> bool:
    """Whether it is a tree that nothing loads: what it would refuse gets in."""
    return view.ruleset.view == "tree" and switched_off(case) is not None


def serves(view: View) -> bool:
    """Whether the family is in use: something gets in from the public."""
    return any(piece.source == "public" for opening in view.openings for piece in opening.pieces)


def _packets(kind: str, family: Family) -> Iterable[Packet]:
    here, there = parse_address(HERE[family])[1], parse_address(OUTSIDER[family])[1]
    match kind:
        case "loopback":
            for port in _LOOPBACK_PORTS:
                yield Packet(family, TCP, here, SOURCE_PORT, here, port, "lo")
        case "replies":
            for port in (25, 443):
                yield Packet(family, TCP, there, port, None, SOURCE_PORT, "eth0", "ESTABLISHED")
            yield Packet(family, UDP, there, 53, None, SOURCE_PORT, "eth0", "ESTABLISHED")
        case "icmp":
            yield Packet(family, ICMP, there, 0, None, _FRAGMENTATION_NEEDED, "eth0", "RELATED")
        case _:
            link_local = parse_address("fe80::9")[1]
            for number in _NDP:
                yield Packet(family, ICMPV6, link_local, 0, None, number << 8, "eth0", "UNTRACKED")
            yield Packet(family, ICMPV6, there, 0, None, _TOO_BIG << 8, "eth0", "RELATED")


def _words(kind: str, packet: Packet) -> str:
    match kind:
        case "loopback":
            address = format_address(packet.family, packet.source)
            by = "" if address == HERE[packet.family] else " by an address of its own"
            return f"the host cannot reach itself{by}: {address} port {packet.destination_port} on lo is refused"
        case "replies":
            transport = "udp" if packet.protocol == UDP else "tcp"
            return f"replies are refused: {transport} from port {packet.source_port} of a server that this host asked"
        case "icmp":
            return (
                "icmp fragmentation needed (type 3 code 4) is refused, so this host never learns of a smaller path MTU"
            )
        case _:
            number = packet.destination_port >> 8
            return (
                f"icmpv6 {_NDP.get(number, 'packet too big')} (type {number}) is refused; IPv6 does not work without it"
            )
