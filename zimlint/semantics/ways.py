"""Every way that a packet can take through the kernel, with every packet that may be on it.

For questions of the form "is there any packet at all": what a host's addresses, its routes and earlier flows decide is
left open, so the ways are rather too many than too few.

Invariant: a packet that some host with these rules may meet is on one of the ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from zimlint.model import Nat, Ruleset
from zimlint.packets import ALL_PORTS, RangeSet, union
from zimlint.semantics.cells import Axis, axis_universe
from zimlint.semantics.cutting import Cell
from zimlint.semantics.hooks import ARRIVAL, FIRST_OF_FLOW, FORWARD, INPUT, INTO_HOST, OVER_LOOPBACK, Hook
from zimlint.semantics.program import Way
from zimlint.semantics.state import State

STATES = ("NEW", "ESTABLISHED", "INVALID", "RELATED", "UNTRACKED")
UNMARKED = State(mark_known=0, connmark_known=0)
"""Before the first line: IPsec, tunnels, eBPF and programs with SO_MARK may have set a mark."""

ROUTED = (*(hook._replace(local=False) for hook in ARRIVAL), *FORWARD)
"""What a packet passes that the host sends on."""
SENT = (
    Hook("raw", "OUTPUT", False, "any", False, tracked=False),
    *(Hook(table, "OUTPUT", False, "any", False) for table in ("mangle", "nat", "filter", "security")),
    *(Hook(table, "POSTROUTING", False, "any", False) for table in ("mangle", "nat")),
)
"""What a packet of the host's own passes that goes to others."""


class Journey(NamedTuple):
    """One way, and the packets that may be on it."""

    way: Way
    domain: Cell


def journeys(ruleset: Ruleset, names: tuple[str, ...]) -> Iterator[Journey]:
    """All of them, those of new connections first."""
    everything = {axis: axis_universe(axis, ruleset.family, names) for axis in Axis}
    outside = {**everything, Axis.IN: RangeSet([(1, len(names) - 1)])}
    inside = {**everything, Axis.IN: RangeSet([(0, 0)])}
    translated = _translated(ruleset)
    for state in STATES:
        yield Journey(Way(INTO_HOST, state, any_packet=True), outside)
        yield Journey(Way(ROUTED, state, any_packet=True), everything)
        yield Journey(Way(OVER_LOOPBACK, state, loopback=True, any_packet=True), inside)
        yield Journey(Way(SENT, state, loopback=True, any_packet=True), everything)
        if translated and state in FIRST_OF_FLOW:
            for hooks, domain in (
                (INPUT, outside), (FORWARD, everything), (OVER_LOOPBACK[3:], inside), (SENT[3:], everything),
            ):  # fmt: skip
                way = Way(hooks, state, hooks[0].chain == "OUTPUT", True, True, None, any_packet=True)
                yield Journey(way, {**domain, Axis.DPORT: translated})


def _translated(ruleset: Ruleset) -> RangeSet:
    """The ports that NAT may send a packet to; empty where it changes no destination."""
    rules = (rule for chain in ruleset.tables.get("nat", {}).values() for rule in chain.rules)
    targets = [rule.target for rule in rules if isinstance(rule.target, Nat)]
    return union(
        ALL_PORTS if target.ports is None else target.ports
        for target in targets
        if target.name not in ("SNAT", "MASQUERADE")
    )
