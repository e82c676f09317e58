"""A line that zimlint calls dead never counts a packet in the kernel, whatever is sent."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.helpers import FIXTURES
from tests.kernel.loadable import loadable
from tests.kernel.namespace import Lab
from tests.kernel.writer import write, write_sets
from tests.semantics.lines import sets_of
from tests.semantics.nearby import nearby
from tests.semantics.rulesets import rulesets
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.model import Ruleset
from zimlint.packets import Family
from zimlint.questions.lines import deciding_lines
from zimlint.questions.unreached import faults
from zimlint.semantics.coverage import Coverage
from zimlint.source import Source

CHECKS = ("dead-deny", "dead-allow", "redundant-rule", "matches-nothing")
FILES = sorted(path for check in CHECKS for path in (FIXTURES / "checks" / check).glob("fires-*/rules.v[46]"))


def counts(lab: Lab, family: Family, seed: int) -> Ruleset:
    """What the kernel holds after packets at and beside all constants, with the counters in its text."""
    before = read_iptables_save(Source("rules", lab.saved(family)), family)
    lab.verdicts([packet for packet in nearby(before, Random(seed), 60) if packet.state != "ESTABLISHED"])
    return read_iptables_save(Source("rules", lab.saved(family)), family)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}")
def test_lines_of_fixtures(lab: Lab, path: Path) -> None:
    """Of each finding the first line, and all the others that it speaks of."""
    family = Family.IPV6 if path.suffix == ".v6" else Family.IPV4
    assert lab.load({family: path.read_text(encoding="utf-8")}) is None
    found = [fault for fault in faults(counts(lab, family, 1)) if not fault.later]
    assert found or "wider-below" in str(path) or "fires-ban" in str(path) or path.with_suffix(".v6").exists()
    for fault in found:
        for line in (fault.line, *fault.others):
            assert line.rule.span.source.line(line.rule.span.line).startswith("[0:0] ")


@settings(
    max_examples=40, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.sampled_from(Family).flatmap(rulesets), st.integers(0, 1 << 30))
def test_lines_of_drawn_rulesets(lab: Lab, drawn: Ruleset, seed: int) -> None:
    """Chains, marks, exemptions from tracking and NAT among them."""
    ruleset = loadable(drawn)
    assert lab.load({ruleset.family: write(ruleset)}, write_sets(sets_of(ruleset.family))) is None
    held = counts(lab, ruleset.family, seed)
    for _, _, rule in Coverage(held).unreached([line[:3] for line in deciding_lines(held)]):
        assert held.source.line(rule.span.line).startswith("[0:0] "), held.source.text
