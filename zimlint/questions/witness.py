"""The packet that proves a finding, chosen to be read, and replayed before anybody sees it.

Invariant: a certain witness that the one-packet interpreter judges otherwise is an ``InternalError``, never a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zimlint.finding import Certainty, Evidence
from zimlint.model import FilterRule, Opaque, OpaqueTarget, Queue, Ruleset, SetMatch, Step
from zimlint.packets import TCP, UDP, Family, Packet, RangeSet, format_address, parse_address
from zimlint.questions.case import Piece
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import Replay, replay
from zimlint.source import InternalError

_READABLE = {
    Family.IPV4: ("203.0.113.9", "198.51.100.9", "192.0.2.9", "192.168.1.9", "10.0.0.9"),
    Family.IPV6: ("2001:db8::9", "fd00::9"),
}
"""Documentation addresses (RFC 5737, RFC 3849) and everyday private ones, taken where the cell allows it."""
HERE = {Family.IPV4: ("192.0.2.25", "10.0.0.25"), Family.IPV6: ("2001:db8::25",)}
"""The same for an address of the host."""
SOURCE_PORT = 40_000
UNCUT = "more kinds of packets than were told apart"


def most_usual_first(pieces: Iterable[Piece], family: Family) -> list[Piece]:
    """Pieces on eth0 first, then those with an address that stands for anybody: others look singled out."""
    usual = [parse_address(text)[1] for text in _READABLE[family]]

    def strangeness(piece: Piece) -> tuple[bool, int]:
        known = (place for place, number in enumerate(usual) if number in piece.addresses)
        return "eth0" not in piece.decision.interfaces, next(known, len(usual))

    return sorted(pieces, key=strangeness)


def witness(ruleset: Ruleset, piece: Piece, port: int) -> Packet:
    """A packet of the piece to one port; where NAT leads to that port, to the port in front."""
    front = piece.decision.cell[Axis.DPORT]
    return packet_of(
        ruleset.family, piece.decision, piece.transport, port if port in front else front.first(), piece.addresses
    )


def packet_of(family: Family, decision: Decision, transport: str, port: int, addresses: RangeSet) -> Packet:
    """A packet of a decision, from one of the addresses."""
    cell = decision.cell
    destinations = cell[Axis.DESTINATION]
    sports = cell[Axis.SPORT]
    return Packet(
        family,
        TCP if transport == "tcp" else UDP,
        readable(addresses, family),
        SOURCE_PORT if SOURCE_PORT in sports else sports.first(),
        None if UNICAST[family] <= destinations else readable(destinations, family, HERE),
        port,
        "eth0" if "eth0" in decision.interfaces else decision.interfaces[0],
    )


def readable(addresses: RangeSet, family: Family, usual: Mapping[Family, Sequence[str]] = _READABLE) -> int:
    """An address that a reader recognises, else one inside the first network (not its first address)."""
    for text in usual[family]:
        number = parse_address(text)[1]
        if number in addresses:
            return number
    low, high = addresses.ranges[0]
    return low + 1 if low < high else low


def prove(ruleset: Ruleset, packet: Packet, certainty: Certainty) -> Evidence:
    """The evidence that a packet gets in: its way through the ruleset, line by line.

    A packet that only may get in need not, where others of its kind may: then no way is told.
    """
    result = replay(ruleset, packet, lone=certainty == "certain")
    if packet.destination is None and result.verdict != "accept" and result.paths is not None:
        # one line of ``replay`` knows nothing of what another one learned about an address that nobody named
        named = packet._replace(destination=readable(UNICAST[packet.family], packet.family, HERE))
        better = replay(ruleset, named, lone=certainty == "certain")
        if better.verdict == "accept" or "accept" not in result.paths:
            packet, result = named, better
    paths = result.paths or {}
    if result.verdict != "accept" and certainty == "possible" and "accept" not in paths:
        return Evidence(packet, (), UNCUT)
    if result.verdict != "accept" and certainty == "certain":
        raise InternalError(f"two interpreters disagree about {describe(packet)}: accepted, and {result.verdict}")
    names = dict.fromkeys(unknown_at(ruleset, step) for step in result.depends_on)
    return Evidence(packet, paths.get("accept", result.path), " and ".join(name for name in names if name))


def rule_at(ruleset: Ruleset, step: Step) -> FilterRule | None:
    """The line of a step; None where a default or the kernel itself decides."""
    held = (chains[step.chain].rules for chains in ruleset.tables.values() if step.chain in chains)
    return next((rule for rules in held for rule in rules if rule.span == step.span), None)


def unknown_at(ruleset: Ruleset, step: Step) -> str:
    """The module, set or target that decides at a step and that nobody can evaluate; empty where there is none."""
    for chains in ruleset.tables.values():
        for rule in chains[step.chain].rules if step.chain in chains else ():
            if rule.span != step.span:
                continue
            for condition in rule.conditions:
                if isinstance(condition, Opaque) and condition.lone is None:
                    return f"-m {condition.module}"
                if isinstance(condition, SetMatch) and condition.name not in ruleset.sets:
                    return f"the set {condition.name}"
            if isinstance(rule.target, OpaqueTarget):
                return f"-j {rule.target.name}"
            if isinstance(rule.target, Queue):
                return "-j NFQUEUE"
    return ""


def refused(ruleset: Ruleset, packets: Iterable[Packet]) -> tuple[Packet, Replay] | None:
    """The first of these packets that is refused for certain, with its way; None where none is."""
    for packet in packets:
        result = replay(ruleset, packet, lone=True)
        if result.verdict in ("drop", "reject"):
            return packet, result
    return None


def describe(packet: Packet) -> str:
    """A packet in a few words, for error messages."""
    source = format_address(packet.family, packet.source)
    return f"protocol {packet.protocol} {source} -> port {packet.destination_port}"
