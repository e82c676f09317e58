"""A line that is called dead is met by no packet, one that is not is met by some; who leaves it nothing is enough."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.semantics.nearby import nearby
from tests.semantics.rulesets import rulesets, with_rules
from zimlint.model import Decide, FilterRule, Ruleset
from zimlint.packets import Family, Packet
from zimlint.semantics.coverage import Coverage, Place
from zimlint.semantics.replay import replay, replay_forward
from zimlint.semantics.ways import STATES


def deciding(ruleset: Ruleset) -> list[Place]:
    """The lines of a ruleset that accept or refuse."""
    return [
        (table, chain.name, rule)
        for table, chains in ruleset.tables.items()
        if table != "nat"
        for chain in chains.values()
        for rule in chain.rules
        if isinstance(rule.target, Decide)
    ]


def deciders(ruleset: Ruleset, packet: Packet) -> set[int]:
    """The lines of the file that end some way of a packet."""
    ends = ("accept", "drop", "reject")
    found = set()
    results = [replay(ruleset, packet), replay(ruleset, packet, lone=True)]
    if not {"raw", "mangle"} & set(ruleset.tables):  # a routed packet is not followed through PREROUTING
        results.append(replay_forward(ruleset, packet))
    for result in results:
        for path in (result.path, *(result.paths or {}).values()):
            found |= {step.span.line for step in path if step.span is not None and step.effect in ends}
    return found


def without(ruleset: Ruleset, gone: FilterRule) -> Ruleset:
    """The ruleset without one line."""
    return with_rules(ruleset, lambda rules: tuple(rule for rule in rules if rule is not gone))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(Family).flatmap(rulesets), st.integers(0, 1 << 30))
def test_no_packet_meets_a_dead_line(ruleset: Ruleset, seed: int) -> None:
    """Neither one that comes in nor one of the host's own, in no state of its connection; and nobody misses it."""
    dead = Coverage(ruleset).unreached(deciding(ruleset))
    lines = {rule.span.line for _, _, rule in dead}
    for drawn in nearby(ruleset, Random(seed), 25, 5) if dead else ():
        for packet in (drawn, *(drawn._replace(state=state) for state in STATES)):
            assert lines.isdisjoint(deciders(ruleset, packet))
        for _, _, rule in dead:
            assert replay(without(ruleset, rule), drawn).verdict == replay(ruleset, drawn).verdict
