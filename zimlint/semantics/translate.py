"""Where NAT may send one packet: one address and one port for each part of its choice that the lines tell apart.

Invariant: for the one-packet interpreter only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zimlint.model import Condition, DstAddress, DstPorts, EitherPort, Nat, Ruleset
from zimlint.packets import RangeSet
from zimlint.semantics.holds import Header


def new_addresses(target: Nat, header: Header, ruleset: Ruleset) -> list[int | None]:
    """The destinations to tell apart; None is an address of the host itself, or the old one."""
    if target.addresses is None:
        return [None]
    low, high = target.addresses.ranges[0]
    if target.name == "NETMAP" and header.destination is not None:
        return [low | header.destination & (high ^ low)]  # net/netfilter/xt_NETMAP.c
    asked = (c.addresses for c in _conditions(ruleset) if isinstance(c, DstAddress))
    return _representatives(target.addresses, asked)


def new_ports(target: Nat, header: Header, ruleset: Ruleset) -> list[int | None]:
    """The ports to tell apart; a port that is in the range already may stay (net/netfilter/nf_nat_core.c)."""
    if target.ports is None:
        return [None]
    asked = [c.ports for c in _conditions(ruleset) if isinstance(c, (DstPorts, EitherPort))]
    return _representatives(target.ports, [*asked, RangeSet([(header.destination_port, header.destination_port)])])


def _representatives(values: RangeSet, asked: Iterable[RangeSet]) -> list[int | None]:
    places = {low for low, _ in values.ranges}
    if values.size() > 1:
        places |= {edge for held in asked for low, high in held.ranges for edge in (low, high + 1)}
    return [place for place in sorted(places) if place in values]


def _conditions(ruleset: Ruleset) -> Iterator[Condition]:
    for chains in ruleset.tables.values():
        for chain in chains.values():
            for rule in chain.rules:
                yield from rule.conditions
