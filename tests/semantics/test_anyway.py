"""Without a line that is said to refuse what is refused anyway, no packet gets in that did not before."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.semantics.nearby import nearby
from tests.semantics.rulesets import rulesets
from tests.semantics.test_coverage import without
from zimlint.model import Decide, Ruleset, Verdict
from zimlint.packets import ALL_ADDRESSES, Family
from zimlint.semantics.anyway import may_pass, passed_over
from zimlint.semantics.coverage import Coverage
from zimlint.semantics.replay import replay


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(Family).flatmap(rulesets), st.integers(0, 1 << 30))
def test_nothing_gets_in_without_them(ruleset: Ruleset, seed: int) -> None:
    """Over all that is modelled, unknown matches among it: what may get in then may get in with them."""
    packets = nearby(ruleset, Random(seed), 25, 5)
    for name, chain in ruleset.tables["filter"].items():
        for rule in chain.rules:
            if rule.target != Decide(Verdict.DROP):
                continue
            rest, there = passed_over(ruleset, name, [rule])
            if may_pass(Coverage(rest), [there[id(rule)]], ALL_ADDRESSES[ruleset.family]):
                continue
            fewer = without(ruleset, rule)
            for packet in packets:
                verdicts = set(replay(fewer, packet).paths or {}), set(replay(ruleset, packet).paths or {})
                assert "accept" not in verdicts[0] - verdicts[1], (packet, rule)
