"""The set-wise analysis and the one-packet interpreter are two programs; they have to say the same."""

from __future__ import annotations

from hypothesis import given, settings

from tests.semantics.rulesets import packets, rulesets
from zimlint.model import Ruleset
from zimlint.packets import Packet
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision, decide
from zimlint.semantics.hooks import interface_matches
from zimlint.semantics.program import interface_names, interface_patterns
from zimlint.semantics.replay import replay


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


@settings(max_examples=200, deadline=None)
@given(rulesets(), packets())
def test_decide_and_replay_agree(ruleset: Ruleset, packet: Packet) -> None:
    """What may get in is decided, what is refused is not, and what is certain gets in."""
    found = [d for d in decide(ruleset) if meets(d, packet, stand_in(ruleset, packet.interface))]
    strict, lone = replay(ruleset, packet), replay(ruleset, packet, lone=True)
    if strict.verdict == "accept":
        assert found, strict
        assert any(decision.certain for decision in found) or any(decision.moved for decision in found), found
    if strict.verdict in ("drop", "reject"):
        assert not any(decision.certain for decision in found), found
    if strict.verdict == "depends" and "accept" in (strict.paths or {}):
        assert found
    for decision in found:
        if decision.certain:
            assert lone.verdict == "accept", (decision, lone)


@settings(max_examples=150, deadline=None)
@given(rulesets(), packets())
def test_decisions_without_unknowns_are_exact(ruleset: Ruleset, packet: Packet) -> None:
    """Where nothing is unknown and nothing is routed, a packet is in a decision exactly if it is accepted."""
    if replay(ruleset, packet).verdict == "depends" or any(d.moved for d in decide(ruleset)):
        return
    found = [d for d in decide(ruleset) if meets(d, packet, stand_in(ruleset, packet.interface))]
    if all(decision.certain for decision in found):
        assert bool(found) == (replay(ruleset, packet).verdict == "accept")
