"""Cells that ``decide`` left uncut: what of them gets in is found out packet by packet, for the ports that matter.

Invariant: a port is only told as reached where a packet to it was replayed and gets in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from zimlint.model import Ruleset, Step
from zimlint.packets import RangeSet
from zimlint.questions.case import Piece
from zimlint.questions.witness import packet_of
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision
from zimlint.semantics.replay import replay
from zimlint.zimbra.catalogue import TRANSPORTS, Transport
from zimlint.zimbra.sources import Networks

TRIES = 3
"""Packets for each port and class of sources, from as many cells."""


def probed(
    ruleset: Ruleset,
    decisions: Iterable[Decision],
    networks: Mapping[str, Networks],
    services: Iterable[tuple[Transport, int]],
) -> Iterator[Piece]:
    """The pieces of unsettled decisions, one port each."""
    tries: dict[tuple[str, Transport, int], int] = {}
    wanted = list(services)
    for decision in decisions:
        for source, network in networks.items():
            addresses = decision.cell[Axis.SOURCE] & network.get(ruleset.family, RangeSet())
            for transport, port in wanted if addresses else ():
                key = (source, transport, port)
                number = TRANSPORTS[transport]
                if port not in decision.cell[Axis.DPORT] or number not in decision.cell[Axis.PROTOCOL]:
                    continue
                if tries.get(key, 0) < TRIES:
                    tries[key] = tries.get(key, 0) + 1
                    packet = packet_of(ruleset.family, decision, transport, port, addresses)
                    way = (replay(ruleset, packet).paths or {}).get("accept")
                    if way is not None:
                        tries[key] = TRIES
                        opener = _opener(ruleset, way, decision)
                        yield Piece(opener, transport, RangeSet([(port, port)]), source, addresses)


def _opener(ruleset: Ruleset, way: tuple[Step, ...], decision: Decision) -> Decision:
    """The decision with the line that really let the packet in."""
    chains = ruleset.tables.get("filter", {})
    for step in reversed(way):
        for rule in chains[step.chain].rules if step.chain in chains else ():
            if rule.span == step.span:
                return decision._replace(rule=rule, chain=step.chain)
        if step.chain in chains:
            return decision._replace(rule=None, chain=step.chain)
    return decision._replace(rule=None)
