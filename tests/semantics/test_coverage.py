"""A line that is called dead is met by no packet, one that is not is met by some; who leaves it nothing is enough."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.semantics.nearby import nearby
from tests.semantics.rulesets import rulesets, with_rules
from zimlint.model import (
    CtState,
    Decide,
    DstAddress,
    DstPorts,
    FilterRule,
    Goto,
    InInterface,
    Jump,
    Nat,
    Protocols,
    Return,
    Ruleset,
    SrcAddress,
    SrcPorts,
    Verdict,
)  # fmt: skip
from zimlint.packets import Family, Packet
from zimlint.semantics.blocking import explain
from zimlint.semantics.cells import Axis
from zimlint.semantics.coverage import DECIDING, Coverage, Place, numbers
from zimlint.semantics.cutting import Cell
from zimlint.semantics.holds import Header, holds
from zimlint.semantics.hooks import INPUT, INTO_HOST, UNICAST
from zimlint.semantics.martians import is_martian
from zimlint.semantics.replay import replay, replay_forward
from zimlint.semantics.ways import STATES


def deciding(ruleset: Ruleset) -> list[Place]:
    """The lines of a ruleset that accept or refuse, or translate."""
    return [
        (table, chain.name, rule)
        for table, chains in ruleset.tables.items()
        for chain in chains.values()
        for rule in chain.rules
        if isinstance(rule.target, (Decide, Nat))
    ]


def deciders(ruleset: Ruleset, packet: Packet) -> set[int]:
    """The lines of the file that end some way of a packet."""
    ends = ("accept", "drop", "reject", "dnat", "redirect", "netmap", "snat", "masquerade")
    found = set()
    results = [replay(ruleset, packet), replay(ruleset, packet, lone=True)]
    if not {"raw", "mangle"} & set(ruleset.tables):  # a routed packet is not followed through PREROUTING
        results.append(replay_forward(ruleset, packet))
    for result in results:
        for path in (result.path, *(result.paths or {}).values()):
            found |= {step.span.line for step in path if step.span and step.effect.split()[0] in ends}
    return found


def without(ruleset: Ruleset, gone: FilterRule) -> Ruleset:
    """The ruleset without one line."""
    return with_rules(ruleset, lambda rules: tuple(rule for rule in rules if rule is not gone))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(Family).flatmap(rulesets), st.integers(0, 1 << 30))
def test_no_packet_meets_a_dead_line(ruleset: Ruleset, seed: int) -> None:
    """Neither one that comes in nor one of the host's own, in no state of its connection; and nobody misses it."""
    dead = Coverage(ruleset).unreached(deciding(ruleset))
    lines = {rule.span.line for _, _, rule in dead}
    flags = "TcpFlags" in repr(ruleset.tables)
    for drawn in nearby(ruleset, Random(seed), 25, 5) if dead else ():
        for packet in (drawn, *(drawn._replace(state=state) for state in STATES)):
            if packet.state == "INVALID" and flags:
                continue  # replay takes its flags to be others at each line
            assert lines.isdisjoint(deciders(ruleset, packet))
        for _, _, rule in dead:
            assert replay(without(ruleset, rule), drawn).verdict == replay(ruleset, drawn).verdict


_PLAIN = (CtState, DstAddress, DstPorts, InInterface, Protocols, SrcAddress, SrcPorts)


def plain(rules: tuple[FilterRule, ...]) -> tuple[FilterRule, ...]:
    """Without marks, NAT, and whatever else depends on more than the packet's own header."""
    return tuple(
        rule
        for rule in rules
        if isinstance(rule.target, (Decide, Goto, Jump, Return))
        and all(isinstance(condition, _PLAIN) for condition in rule.conditions)
    )


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(rulesets())
def test_some_packet_meets_a_line_that_is_not_dead(drawn: Ruleset) -> None:
    """The part in which it was met is one of packets that meet it."""
    ruleset = with_rules(drawn, plain)
    coverage = Coverage(ruleset)
    places = deciding(ruleset)
    dead = {id(place[2]) for place in coverage.unreached(places)}
    everywhere = UNICAST[ruleset.family]
    for table, chain, rule in places:
        met = [
            packet
            for journey, cell, outcome in coverage.parts(rule)
            if journey.way.hooks == INTO_HOST and journey.way.state in ("NEW", "ESTABLISHED")
            if outcome.reached & set(numbers(coverage.bits(journey.way)[id(rule)]))
            for packet in packets_of(ruleset, journey.way.state, cell, coverage.names)
            if packet.source in everywhere and packet.destination is not None and packet.destination in everywhere
        ]
        assert not met or id(rule) not in dead, (table, chain)
        for packet in met[:3]:
            assert rule.span.line in deciders(ruleset, packet), (packet, rule)


def packets_of(ruleset: Ruleset, state: str, cell: Cell, names: tuple[str, ...]) -> list[Packet]:
    """The first packet of a part."""
    first = {axis: values.first() for axis, values in cell.items()}
    for axis in (Axis.SOURCE, Axis.DESTINATION):
        alone = cell[axis] & UNICAST[ruleset.family]
        if not alone:
            return []
        first[axis] = alone.first()
    return [
        Packet(
            ruleset.family, first[Axis.PROTOCOL], first[Axis.SOURCE], first[Axis.SPORT], first[Axis.DESTINATION],
            first[Axis.DPORT], names[first[Axis.IN]], state,
        )
    ]  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(rulesets(), st.integers(0, 1 << 30))
def test_the_lines_that_are_named_are_enough(ruleset: Ruleset, seed: int) -> None:
    """With them and no others that decide or lead away, no packet meets the dead line; one that contradicts it is
    among them. Where none is named, the calls of its chain are enough."""
    coverage = Coverage(ruleset)
    for place in coverage.unreached(deciding(ruleset)):
        if coverage.excluded(place[2]):
            continue
        dead = explain(coverage, place, agrees_with(place[2]))
        if dead is None:
            continue
        leaving = any(isinstance(rule.target, (Return, Goto)) for rule in dead.blocking)
        assert leaving == dead.leaving
        assert leaving or not dead.contradicted or any(rule.target != dead.rule.target for rule in dead.blocking)
        kept = {dead.rule.span.line, *(rule.span.line for rule in dead.blocking)}
        few = with_rules(ruleset, only(kept, around(ruleset, place))) if dead.blocking else calls(ruleset, dead.rule)
        for packet in nearby(few, Random(seed), 10, 2):
            assert dead.rule.span.line not in deciders(few, packet)


def around(ruleset: Ruleset, place: Place) -> set[int]:
    """The lines that lead out of the chain of a line, or out of one that it is called from."""
    chains = ruleset.tables[place[0]]
    above, waiting = {place[1]}, [place[1]]
    while waiting:
        called = waiting.pop()
        for name, chain in chains.items():
            if name not in above and any(r.target in (Jump(called), Goto(called)) for r in chain.rules):
                above.add(name)
                waiting.append(name)
    return {
        rule.span.line
        for name in above
        for rule in chains[name].rules
        if isinstance(rule.target, Return) or (isinstance(rule.target, Goto) and rule.target.chain not in above)
    }


def calls(ruleset: Ruleset, line: FilterRule) -> Ruleset:
    """A line and all calls; each comes back."""
    few = with_rules(
        ruleset,
        lambda rules: tuple(
            rule._replace(target=Jump(rule.target.chain)) if isinstance(rule.target, Goto) else rule
            for rule in rules
            if rule is line or isinstance(rule.target, (Jump, Goto))
        ),
    )
    tables = {
        table: {name: chain._replace(default=chain.default and Verdict.ACCEPT) for name, chain in chains.items()}
        for table, chains in few.tables.items()
    }
    return few._replace(tables=tables)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rulesets(), st.integers(0, 1 << 30))
def test_what_becomes_of_packets_that_leave_first(drawn: Ruleset, seed: int) -> None:
    """Where none of them is said to get in, none does, and where none is said to be refused, none is."""
    ruleset = with_rules(drawn._replace(tables={"filter": drawn.tables["filter"]}), plain)
    coverage = Coverage(ruleset)
    hook = next(hook for hook in INPUT if hook.table == "filter")
    packets = nearby(ruleset, Random(seed), 30, 0)
    for place in coverage.unreached(deciding(ruleset)):
        dead = explain(coverage, place, agrees_with(place[2])) if not coverage.excluded(place[2]) else None
        if dead is None or not dead.leaving or not dead.complete:
            continue
        for packet in packets:
            if is_martian(packet):
                continue  # the kernel drops it before any line
            header = Header.of(packet)
            if all(holds(c, header, hook, ruleset, packet.state, False) for c in place[2].conditions):
                verdict = replay(ruleset, packet).verdict
                assert dead.accepted or verdict != "accept", (packet, dead)
                assert dead.refused or verdict == "accept", (packet, dead)


def agrees_with(rule: FilterRule) -> Callable[[FilterRule], bool]:
    """Whether another line has the same target."""
    return lambda other: other.target == rule.target


def only(kept: set[int], leaving: set[int]) -> Callable[[tuple[FilterRule, ...]], tuple[FilterRule, ...]]:
    """Of the lines that decide, and of those that lead away, those in some places; and all others."""
    return lambda rules: tuple(
        r for r in rules if r.span.line in kept or not (isinstance(r.target, DECIDING) or r.span.line in leaving)
    )
