"""The set-wise analysis and the one-packet interpreter are two programs; they have to say the same.

Of a packet that both speak of: the verdict, the line that decides, and what holds however the unknowns turn out.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.semantics.meeting import meets, stand_in
from tests.semantics.nearby import nearby
from tests.semantics.resolutions import resolutions
from tests.semantics.rulesets import rulesets, settled
from zimlint.model import FilterRule, Goto, Jump, Nat, OutInterface, Ruleset, SetMark, Step
from zimlint.packets import Family, Packet
from zimlint.semantics.decide import Decision, decide
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import replay
from zimlint.source import Span

FAMILIES = pytest.mark.parametrize("family", list(Family), ids=lambda family: family.value)
_SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@FAMILIES
def test_decide_and_replay_agree(family: Family) -> None:
    """What may get in is decided, what is refused is not, and what is certain gets in."""

    @_SETTINGS
    @given(rulesets(family), st.integers(0, 1 << 16))
    def agree(ruleset: Ruleset, seed: int) -> None:
        for packet, found in _judged(ruleset, seed):
            strict, lone = replay(ruleset, packet), replay(ruleset, packet, lone=True)
            if strict.verdict == "accept":
                assert found, strict
                assert any(decision.certain or decision.moved for decision in found), found
            if strict.verdict in ("drop", "reject"):
                assert not any(decision.certain for decision in found), found
            if strict.verdict == "depends" and "accept" in (strict.paths or {}):
                assert found
            if any(decision.certain for decision in found):
                assert lone.verdict == "accept", (found, lone)

    agree()


@FAMILIES
def test_without_unknowns_both_are_exact(family: Family) -> None:
    """In a decision exactly if accepted, and the line of the decision is the one that lets the packet in."""

    @_SETTINGS
    @given(rulesets(family).map(settled), st.integers(0, 1 << 16))
    def agree(ruleset: Ruleset, seed: int) -> None:
        if _routes(ruleset):
            return
        for packet, found in _judged(ruleset, seed):
            if packet.state != "NEW":
                continue
            one = replay(ruleset, packet)
            assert one.verdict != "depends"
            assert [decision.certain for decision in found] == [True] * (one.verdict == "accept"), (found, one)
            for decision in found:
                assert _line(decision) == _deciding(ruleset, one.path), (decision, one)

    agree()


@FAMILIES
def test_however_the_unknowns_turn_out(family: Family) -> None:
    """Certain: accepted in every resolution. In no decision: refused in every one. Depends: they really differ."""

    @_SETTINGS
    @given(rulesets(family), st.integers(0, 1 << 16))
    def agree(ruleset: Ruleset, seed: int) -> None:
        if _routes(ruleset):
            return
        resolved = resolutions(ruleset)
        if resolved is None:
            return
        marks = any(isinstance(rule.target, SetMark) for rule in _rules(ruleset))
        for packet, found in _judged(ruleset, seed):
            if packet.state != "NEW":
                continue
            ways = [replay(one.ruleset, packet) for one in resolved]
            verdicts = {way.verdict for way in ways}
            assert "depends" not in verdicts
            ours = replay(ruleset, packet)
            assert (ours.verdict == "depends") == (len(verdicts) > 1), (ours, verdicts)
            assert set(ours.paths or ()) == verdicts, (ours, verdicts)
            lone = {way.verdict for way, one in zip(ways, resolved, strict=True) if one.lone}
            if not found:
                assert "accept" not in verdicts
            if found and not marks:  # marks that some ways set are joined, so a cell may be too wide
                assert "accept" in verdicts
            if any(decision.certain for decision in found):
                assert lone == {"accept"}
            if any(decision.certain and not decision.limited for decision in found):
                assert verdicts == {"accept"}
            lines = {_deciding(ruleset, way.path) for way in ways if way.verdict == "accept"}
            assert marks or {_line(decision) for decision in found} <= lines, (found, lines)

    agree()


def _judged(ruleset: Ruleset, seed: int) -> list[tuple[Packet, list[Decision]]]:
    """Packets between single machines at and beside the constants, with the decisions that they are in."""
    universe = UNICAST[ruleset.family]
    packets = [
        packet
        for packet in nearby(ruleset, random.Random(seed), 15, 3)
        if packet.interface != "lo" and packet.source in universe and (packet.destination or 0) in universe
    ]
    by_state = {state: decide(ruleset, state) for state in {packet.state for packet in packets}}
    return [
        (packet, [d for d in by_state[packet.state] if meets(d, packet, stand_in(ruleset, packet.interface))])
        for packet in packets
    ]


def _rules(ruleset: Ruleset) -> list[FilterRule]:
    return [rule for chains in ruleset.tables.values() for chain in chains.values() for rule in chain.rules]


def _routes(ruleset: Ruleset) -> bool:
    """Whether NAT may choose, or an outgoing interface is asked for that the rules do not tell."""
    return any(isinstance(rule.target, Nat) for rule in _rules(ruleset)) and any(
        isinstance(rule.target, Nat) or any(isinstance(c, OutInterface) for c in rule.conditions)
        for rule in _rules(ruleset)
    )


def _line(decision: Decision) -> Span | str:
    return decision.chain if decision.rule is None else decision.rule.span


def _deciding(ruleset: Ruleset, path: tuple[Step, ...]) -> Span | str:
    """The line of the last filter chain that lets the packet in, or the one that led there, if it alone asks anything.

    That is the line that a reader would change; without one, the name of the chain whose default it is.
    """
    lines = {rule.span: rule for name, chain in ruleset.tables["filter"].items() for rule in chain.rules}
    callers: list[tuple[str, Span]] = []
    for step in path:
        if step.span not in lines:
            if step.effect == "default accept" and step.chain == "INPUT" and _is_filter(ruleset, step):
                return "INPUT"
            continue
        while callers and callers[-1][0] != step.chain.partition("/")[0] and callers[-1][0] != step.chain:
            callers.pop()
        rule = lines[step.span]
        if isinstance(rule.target, (Jump, Goto)) and step.effect.startswith(("jump", "goto")):
            callers.append((step.effect.split()[1], rule.span))
        if step.effect == "accept":
            for span in (rule.span, *(span for _, span in reversed(callers))):
                if lines[span].conditions:
                    return span
            return rule.span
    return "INPUT"


def _is_filter(ruleset: Ruleset, step: Step) -> bool:
    return ruleset.tables["filter"]["INPUT"].span is step.span
