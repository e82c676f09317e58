"""Whether a packet is among those of a decision."""

from __future__ import annotations

from zimlint.model import Ruleset
from zimlint.packets import Packet
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision
from zimlint.semantics.hooks import interface_matches
from zimlint.semantics.program import interface_names, interface_patterns


def stand_in(ruleset: Ruleset, name: str) -> str:
    """The interface among the representatives that every pattern of the ruleset treats like this one."""
    patterns = set(interface_patterns(ruleset))
    alike = {pattern for pattern in patterns if interface_matches(pattern, name)}
    return next(
        other
        for other in interface_names(ruleset)
        if other != "lo" and {pattern for pattern in patterns if interface_matches(pattern, other)} == alike
    )


def meets(decision: Decision, packet: Packet, name: str) -> bool:
    """Whether the packet, on the interface that the name stands for, is in the cell of the decision."""
    cell = decision.cell
    return (
        name in decision.interfaces
        and packet.protocol in cell[Axis.PROTOCOL]
        and packet.destination_port in cell[Axis.DPORT]
        and packet.source in cell[Axis.SOURCE]
        and packet.source_port in cell[Axis.SPORT]
        and packet.destination is not None
        and packet.destination in cell[Axis.DESTINATION]
    )
