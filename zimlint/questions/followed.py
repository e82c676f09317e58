"""One packet of a part of all packets, and its way.

Invariant: only a packet that can be followed from its arrival on: none that the host sends, or that NAT has changed.
"""

from __future__ import annotations

from zimlint.model import Ruleset
from zimlint.packets import TCP, UDP, Family, Packet
from zimlint.questions.witness import SOURCE_PORT, readable
from zimlint.semantics.cells import Axis
from zimlint.semantics.cutting import Cell
from zimlint.semantics.hooks import INTO_HOST, STATE_FLAGS, UNICAST
from zimlint.semantics.program import Way
from zimlint.semantics.replay import Replay, replay, replay_forward
from zimlint.semantics.ways import ROUTED

MAX_TRIES = 30
"""Packets that are followed, at most, to find one that shows a fault."""


def follow(ruleset: Ruleset, way: Way, packet: Packet, *, lone: bool = False) -> Replay:
    """What becomes of a packet on its way into the host, or through it; ``lone`` as for ``replay``."""
    return replay_forward(ruleset, packet) if way.hooks == ROUTED else replay(ruleset, packet, lone=lone)


def packet_of_part(family: Family, way: Way, cell: Cell, names: tuple[str, ...]) -> Packet | None:
    """A readable packet of a part; None where none of it can be followed."""
    if way.moved_ports or way.hooks not in (INTO_HOST, ROUTED):
        return None
    numbers, flags = cell[Axis.PROTOCOL], STATE_FLAGS.get(way.state, 2)
    sources, destinations = cell[Axis.SOURCE] & UNICAST[family], cell[Axis.DESTINATION]
    if flags not in cell[Axis.FLAGS] or not sources:
        return None
    protocol = next((number for number in (TCP, UDP) if number in numbers), numbers.first())
    sports, dports = cell[Axis.SPORT], cell[Axis.DPORT]
    eth0 = names.index("eth0") if "eth0" in names else -1
    return Packet(
        family, protocol, readable(sources, family), SOURCE_PORT if SOURCE_PORT in sports else sports.first(),
        None if UNICAST[family] <= destinations else readable(destinations, family),
        25 if 25 in dports else dports.first(),
        "eth0" if eth0 in cell[Axis.IN] else names[cell[Axis.IN].first()], way.state,
    )  # fmt: skip
