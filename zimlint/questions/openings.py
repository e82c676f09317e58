"""Decisions sorted by the line that lets packets in, and by what kind of opening that is.

One line is one fault: a line that opens everything is not also told of for each port.

Invariant: every accepted packet from a class of sources is in exactly one opening.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from zimlint.model import Condition, FilterRule, InInterface, Jump, Opaque, Ruleset
from zimlint.packets import Family, RangeSet, union
from zimlint.questions.case import Opening, Piece
from zimlint.questions.held import Held
from zimlint.questions.probes import probed
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision
from zimlint.semantics.hooks import LINK_LOCAL, interface_matches
from zimlint.semantics.program import interface_names
from zimlint.zimbra.catalogue import TRANSPORTS, Service, Transport
from zimlint.zimbra.sources import Networks

ALL = 60_000
"""That many ports of a transport are all of them: earlier lines may have taken some out."""
ENOUGH = 1000
"""A default that lets in more ports than that lets in what no line names."""
EPHEMERAL = RangeSet([(32_768, 60_999)])
"""Where Linux takes source ports from (net.ipv4.ip_local_port_range); a line that lets these in trusts no port."""
DHCP = (RangeSet([(67, 68)]), RangeSet([(546, 547)]))
"""DHCP and DHCPv6 servers and clients speak from a fixed port (RFC 2131, RFC 8415); every stock ufw lets answers in."""
_CONTAINERS = ("docker+", "virbr+", "veth+", "cni+", "lxcbr+", "lxdbr+", "podman+")
"""Bridges to containers and virtual machines of the host itself."""
_DOCKER_BRIDGE = re.compile(r"br-(?:0|[0-9a-f]{12})")
"""Docker names a bridge by the first digits of the network's id; ``br-0`` stands for the pattern ``br-+``."""
_VPNS = ("tun+", "tap+", "wg+", "tailscale+", "zt+", "ipsec+", "vti+", "nebula+", "as0t+")
TUNNELS = (*_VPNS, "lan+", "br-lan+")
"""Private networks, by their usual names: no public address comes in by them."""


def openings(
    ruleset: Ruleset,
    decisions: Sequence[Decision],
    networks: Mapping[str, Networks],
    inside: tuple[str, ...],
    services: Sequence[Service],
) -> tuple[Opening, ...]:
    """All openings of a ruleset, in file order; ``services`` are those of the catalogue."""
    offered = RangeSet((service.port, service.port) for service in services if service.internet != "no")
    grouped: dict[tuple[object, ...], list[Piece]] = {}
    _, shown = _interfaces(Held(ruleset))
    unsettled = [decision for decision in decisions if not decision.settled]
    asked = [(service.protocol, service.port) for service in services]
    for piece in probed(ruleset, unsettled, networks, asked):
        line = piece.decision.rule.span[:2] if piece.decision.rule else "default"
        grouped.setdefault((False, False, line), []).append(piece)
    for decision in decisions:
        if not decision.settled:
            continue
        moved = decision.moved
        for piece in pieces_of(ruleset.family, decision, networks, inside, offered):
            if shown and not any(_any_matches(shown, name) for name in _ways_of(piece, inside)):
                if moved is not None and moved.forwarded:
                    continue  # the lines name the interface to the outside, and by that one nothing passes
                piece = piece._replace(decision=decision._replace(certain=False, nameless=True))
            trusts = not from_any_port(piece)
            if trusts and _is_client_reply(decision, piece):
                continue
            if moved is not None and moved.forwarded:
                key: tuple[object, ...] = (True, False, moved.rule.span[:2])
            elif _by_default(decision):
                key = (False, trusts, "default")
            else:
                key = (False, trusts, decision.rule.span[:2] if decision.rule else None)
            grouped.setdefault(key, []).append(piece)
    _join_few_ports(grouped)
    public = networks["public"].get(ruleset.family, RangeSet())
    found = [o for key, pieces in grouped.items() for o in _opening(key[0] is True, key[1] is True, pieces, public)]
    return tuple(sorted(found, key=_place))


def _ways_of(piece: Piece, inside: tuple[str, ...]) -> Iterator[str]:
    """The interfaces by which these packets may come from where they do: nobody of the public comes by a tunnel."""
    for name in piece.decision.interfaces:
        if not within((*inside, *TUNNELS) if piece.source == "public" else inside, name):
            yield name


def _join_few_ports(grouped: dict[tuple[object, ...], list[Piece]]) -> None:
    """A line that names some ports opens these: the port that a packet is sent from is anybody's to choose."""
    for published, trusts, line in [key for key in grouped if key[1]]:
        pieces = grouped[published, trusts, line]
        if line != "default" and all(_count(pieces, transport) <= ENOUGH for transport in TRANSPORTS):
            grouped.setdefault((published, False, line), []).extend(grouped.pop((published, trusts, line)))


def _count(pieces: Iterable[Piece], transport: Transport) -> int:
    return union(piece.ports for piece in pieces if piece.transport == transport).size()


def asked_interfaces(ruleset: Ruleset, source: str, inside: tuple[str, ...]) -> tuple[str, ...]:
    """The interfaces by which packets of a class of sources come in: those that lines name, where they name any."""
    known, shown = _interfaces(Held(ruleset))
    names = [name for name in known if name != "lo" and not within(inside, name)]
    if source == "public":
        names = [name for name in names if not _any_matches(TUNNELS, name)]
    return tuple(name for name in names if _any_matches(shown, name)) or tuple(names)


def from_any_port(piece: Piece) -> bool:
    """Whether these packets may come from the ports that a system chooses for a new connection."""
    return piece.decision.cell[Axis.SPORT] >= EPHEMERAL


def broad(addresses: RangeSet, public: RangeSet) -> bool:
    """Whether these are the public at large rather than some networks."""
    return addresses.size() * 4 >= public.size()


def unnamed(pieces: Iterable[Piece], public: RangeSet) -> bool:
    """Whether the public at large reaches so many ports by a default that it is what no line names, not a few left."""
    large = [piece for piece in pieces if piece.source == "public" and broad(piece.addresses, public)]
    return sum(piece.ports.size() for piece in large) > ENOUGH


def pieces_of(
    family: Family,
    decision: Decision,
    networks: Mapping[str, Networks],
    inside: tuple[str, ...],
    offered: RangeSet,
) -> Iterable[Piece]:
    """A decision by class of sources and transport, but for what cannot come from outside."""
    outside = [name for name in decision.interfaces if not within(inside, name)]
    if not outside:
        return
    ports = _judged(decision, offered)
    tunnel = _only_by(TUNNELS, decision, inside)
    for transport, number in TRANSPORTS.items():
        if number not in decision.cell[Axis.PROTOCOL]:
            continue
        for source, network in networks.items():
            if source == "public" and (tunnel or _on_link(family, decision)):
                continue
            addresses = decision.cell[Axis.SOURCE] & network.get(family, RangeSet())
            if addresses:
                yield Piece(decision, transport, ports, source, addresses)


@lru_cache(maxsize=8)
def _interfaces(held: Held) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All interfaces that stand for those that there may be, and those that lines name; every packet asks for them."""
    return interface_names(held.ruleset), _shown_interfaces(held.ruleset)


def _shown_interfaces(ruleset: Ruleset) -> tuple[str, ...]:
    """The interfaces that lines name, tunnels and the like among them; none where no line names one to the outside:
    whether the host has another one than those that are named, the rules do not say."""
    named = {
        condition.pattern
        for chains in ruleset.tables.values()
        for chain in chains.values()
        for rule in chain.rules
        for condition in rule.conditions
        if isinstance(condition, InInterface) and condition.pattern not in ("lo", "+")
    }
    outside = [name for name in named if not name.endswith("+") and not within(TUNNELS, name)]
    return tuple(name for name in named if name in outside or within(TUNNELS, name)) if outside else ()


def _by_default(decision: Decision) -> bool:
    """Whether no line of the administrator's lets a packet in; ufw writes its open default as lines of its own."""
    if decision.rule is None or decision.chain in ("ufw-track-input", "ufw6-track-input"):
        return True
    target = decision.rule.target
    return isinstance(target, Jump) and target.chain in ("ufw-skip-to-policy-input", "ufw6-skip-to-policy-input")


def _judged(decision: Decision, offered: RangeSet) -> RangeSet:
    """The ports that are reached: behind a REDIRECT the real one, unless the one in front is a public service's."""
    ports, moved = decision.cell[Axis.DPORT], decision.moved
    if moved is None or moved.forwarded or moved.ports is None or ports & offered:
        return ports
    return moved.ports


def by_vpn(decision: Decision, inside: tuple[str, ...]) -> bool:
    """Whether these packets come in by a VPN only, to which nobody gets without its keys."""
    return _only_by(_VPNS, decision, inside)


def vpn_interfaces(decision: Decision, inside: tuple[str, ...]) -> tuple[str, ...]:
    """The interfaces of VPNs, where packets come in by these alone."""
    outside = tuple(name for name in decision.interfaces if not within(inside, name))
    return outside if all(_any_matches(_VPNS, name) for name in outside) else ()


def _only_by(patterns: tuple[str, ...], decision: Decision, inside: tuple[str, ...]) -> bool:
    outside = [name for name in decision.interfaces if not within(inside, name)]
    return (bool(outside) and all(_any_matches(patterns, name) for name in outside)) or _by_ipsec(decision)


def _by_ipsec(decision: Decision) -> bool:
    """Whether the line asks for packets that came in by IPsec (``-m policy --pol ipsec``): a tunnel like any other."""
    return any(
        isinstance(condition, Opaque) and condition.module == "policy" and "ipsec" in condition.text
        for condition in _conditions(decision.rule)
    )


def _on_link(family: Family, decision: Decision) -> bool:
    """Whether the packets go to a link-local address, so that no router brought them."""
    return LINK_LOCAL[family] >= decision.cell[Axis.DESTINATION]


def within(patterns: tuple[str, ...], name: str) -> bool:
    """Whether an interface is one of these, or leads to the host's own containers."""
    return _any_matches((*patterns, *_CONTAINERS), name) or _DOCKER_BRIDGE.fullmatch(name) is not None


def _any_matches(patterns: Iterable[str], name: str) -> bool:
    return any(interface_matches(pattern, name) for pattern in patterns)


def _is_client_reply(decision: Decision, piece: Piece) -> bool:
    ports, sports = piece.ports, decision.cell[Axis.SPORT]
    return piece.transport == "udp" and any(ports <= pair and sports <= pair for pair in DHCP)


def _opening(published: bool, trusts: bool, pieces: list[Piece], public: RangeSet) -> Iterable[Opening]:
    first = pieces[0].decision
    rule = first.moved.rule if published and first.moved is not None else first.rule
    if published:
        kind = "published"
    elif trusts:
        kind = "source-port"
    elif _by_default(first) and unnamed(pieces, public):
        kind = "default"
    elif any(isinstance(condition, Opaque) and condition.module == "ufw-app" for condition in _conditions(rule)):
        kind = "unseen"
    else:
        return _by_sources(rule, first.chain, pieces, public)
    return (Opening(kind, rule, first.chain, tuple(pieces)),)


def _by_sources(rule: FilterRule | None, chain: str, pieces: list[Piece], public: RangeSet) -> Iterable[Opening]:
    """What a line opens; two openings where it lets some sources to every port and others to some ports only."""
    whole = union(piece.addresses for piece in _whole(pieces))
    if not whole:
        return (Opening("ports", rule, chain, tuple(pieces)),)
    if broad(whole & public, public):
        return (Opening("everything", rule, chain, tuple(pieces)),)
    wide = Opening("wide", rule, chain, tuple(piece for piece in pieces if piece.addresses <= whole))
    rest = tuple(piece for piece in pieces if not piece.addresses <= whole)
    return (wide, Opening("ports", rule, chain, rest)) if rest else (wide,)


def _whole(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces of sources that reach all ports of a transport."""
    by_source: dict[tuple[str, str], dict[RangeSet, list[Piece]]] = {}
    for piece in pieces:
        by_source.setdefault((piece.transport, piece.source), {}).setdefault(piece.addresses, []).append(piece)
    found: list[Piece] = []
    for by_addresses in by_source.values():
        alike = [one for one in by_addresses.values() if _reaches_all(one)]
        together = [piece for one in by_addresses.values() for piece in one]
        found += [piece for one in alike for piece in one] or (together if _reaches_all(together) else [])
    return found


def _reaches_all(pieces: Iterable[Piece]) -> bool:
    return union(piece.ports for piece in pieces).size() >= ALL


def _conditions(rule: FilterRule | None) -> tuple[Condition, ...]:
    """The matches of a line, none where there is no line."""
    return rule.conditions if rule is not None else ()


def _place(opening: Opening) -> tuple[str, int]:
    if opening.rule is None:
        return "", 0
    return opening.rule.span.source.name, opening.rule.span.line
