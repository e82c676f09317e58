"""The comparison finds what it is there to find: with one thing read wrongly, a small disagreement is kept.

Invariant: the wrong reading is of the ruleset that zimlint judges, never of what the kernel gets.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.figures import count
from tests.kernel import compare
from tests.kernel.compare import Experiment, Probe, read_kept
from tests.kernel.namespace import Lab
from tests.kernel.test_drawn import campaign
from tests.semantics.rulesets import with_rules
from zimlint.model import (
    DstPorts,
    EitherPort,
    FilterRule,
    Goto,
    Jump,
    Nat,
    Return,
    Ruleset,
    SrcAddress,
)
from zimlint.packets import ALL_PORTS, Family, RangeSet
from zimlint.semantics.replay import replay

MOST = 3000
"""Rulesets to draw, until one shows the bug. What is drawn changes with the constants that stand in zimlint's code
(Hypothesis looks there), so no small number is enough for good."""
Bend = Callable[[FilterRule], FilterRule | None]


def _conditions(change: Callable[[object], object]) -> Bend:
    return lambda rule: rule._replace(conditions=tuple(map(change, rule.conditions)))  # type: ignore[arg-type]


def _without(kind: type) -> Bend:
    return lambda rule: None if isinstance(rule.target, kind) else rule


def _goto_is_a_jump(rule: FilterRule) -> FilterRule:
    return rule._replace(target=Jump(rule.target.chain)) if isinstance(rule.target, Goto) else rule


def _port_too_far(part: object) -> object:
    if isinstance(part, DstPorts) and part.ports:
        low, high = part.ports.ranges[-1]
        return DstPorts(part.ports | RangeSet([(low, min(high + 1, 65535))]))
    return part


def _address_too_near(part: object) -> object:
    if isinstance(part, SrcAddress) and part.addresses.ranges:
        *rest, (low, high) = part.addresses.ranges
        return SrcAddress(RangeSet([*rest, (low + 1, high)]))
    return part


def _only_destination(part: object) -> object:
    if isinstance(part, EitherPort):
        return DstPorts(ALL_PORTS - part.ports if part.negated else part.ports)
    return part


BUGS: dict[str, Bend] = {
    "goto is a jump": _goto_is_a_jump,
    "RETURN is passed over": _without(Return),
    "NAT is passed over": _without(Nat),
    "a port too far": _conditions(_port_too_far),
    "an address too near": _conditions(_address_too_near),
    "--ports is --dports": _conditions(_only_destination),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(lab: Lab, bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if lab.variant == "legacy":
        return  # what is shown here is of our own making
    rightly = compare.read

    def wrongly(experiment: Experiment) -> Ruleset:
        bend = BUGS[bug]
        return with_rules(rightly(experiment), lambda rules: tuple(bent for rule in rules if (bent := bend(rule))))

    def shows(experiment: Experiment, probes: list[Probe]) -> list[Probe]:
        right, wrong = rightly(experiment), wrongly(experiment)
        if wrong.tables == right.tables:
            return []
        return [one for one in probes if replay(wrong, one.packet).verdict != replay(right, one.packet).verdict]

    monkeypatch.setattr(compare, "read", wrongly)
    with pytest.raises(AssertionError, match="kept as"):
        campaign(lab, Family.IPV4, MOST, tmp_path, shows)
    (path,) = (path for path in tmp_path.iterdir() if path.suffix == ".v4")
    kept = read_kept(path)
    assert len(kept.probes) == 1
    assert len([line for line in kept.experiment.rules.splitlines() if line.startswith("-")]) <= 4, path.read_text()
    count("planted bugs found")
