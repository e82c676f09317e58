"""Of a packet that the host sends, the set-wise analysis and the one-packet interpreter say the same."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.semantics.meeting import meets, stand_in
from tests.semantics.nearby import nearby
from tests.semantics.rulesets import rulesets, settled, with_rules
from tests.semantics.test_agree import FAMILIES
from zimlint.model import FilterRule, Ruleset, SetMatch
from zimlint.packets import Family
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import Decision, decide_outgoing
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.program import interface_names
from zimlint.semantics.replay import Replay, replay_outgoing

_SETTINGS = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@FAMILIES
def test_both_say_what_gets_out(family: Family) -> None:
    """What may get out is decided, what is refused is in no certain decision, and what is certain gets out."""

    @_SETTINGS
    @given(rulesets(family).map(_without_wires), st.integers(0, 1 << 16))
    def agree(ruleset: Ruleset, seed: int) -> None:
        for one, found in _judged(ruleset, seed):
            assert found or "accept" not in (one.paths or {}), one
            assert one.verdict == "accept" or not any(decision.certain for decision in found), (found, one)

    agree()


@FAMILIES
def test_without_unknowns_both_are_exact(family: Family) -> None:
    """By whatever interface a packet leaves: in a decision exactly if it gets out."""

    @_SETTINGS
    @given(rulesets(family).map(_without_wires).map(settled), st.integers(0, 1 << 16))
    def agree(ruleset: Ruleset, seed: int) -> None:
        for one, found in _judged(ruleset, seed):
            assert one.verdict != "depends", one
            assert [decision.certain for decision in found] == [True] * (one.verdict == "accept"), (found, one)

    agree()


def _without_wires(ruleset: Ruleset) -> Ruleset:
    """A set of interfaces asks for the one that a packet came in by, and is read so everywhere."""
    wires = {name for name, held in ruleset.sets.items() if "iface" in held.kind}

    def asks(rule: FilterRule) -> bool:
        return any(isinstance(each, SetMatch) and each.name in wires for each in rule.conditions)

    return with_rules(ruleset, lambda rules: tuple(rule for rule in rules if not asks(rule)))


def _judged(ruleset: Ruleset, seed: int) -> Iterator[tuple[Replay, list[Decision]]]:
    """What becomes of packets to single machines, with the decisions that they are in."""
    universe, names = UNICAST[ruleset.family], interface_names(ruleset)
    decisions = decide_outgoing(ruleset)
    for packet in nearby(ruleset, random.Random(seed), 15):
        if packet.interface == "lo" or packet.state != "NEW" or packet.source not in universe:
            continue
        if packet.destination is None or packet.destination not in universe:
            continue
        place = names.index(stand_in(ruleset, packet.interface))
        by_it = [decision for decision in decisions if place in decision.cell[Axis.OUT]]
        yield replay_outgoing(ruleset, packet), [d for d in by_it if meets(d, packet, d.interfaces[0])]
