"""Rulesets that Hypothesis draws: Linux does to each packet what zimlint says, of what was drawn and of its text.

``ZIMLINT_KERNEL_RULESETS`` says how many rulesets in all; without it, 300, the same ones every time. A disagreement
is made as small as it gets and kept under ``fixtures/kernel``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from tests.figures import count, took
from tests.helpers import FIXTURES
from tests.kernel import compare
from tests.kernel.compare import Experiment, Probe, disagreements, keep, linux, minimal
from tests.kernel.loadable import loadable
from tests.kernel.namespace import Lab
from tests.kernel.shuffle import shuffled
from tests.kernel.writer import write_sets
from tests.semantics.lines import HIDDEN, sets_of
from tests.semantics.nearby import nearby
from tests.semantics.rulesets import rulesets, settled
from zimlint.model import Nat, OutInterface, Ruleset
from zimlint.packets import Family, Packet
from zimlint.semantics.replay import replay

RULESETS = int(os.environ.get("ZIMLINT_KERNEL_RULESETS", "300"))
SHARE = {Family.IPV4: 3, Family.IPV6: 2}
"""Of the rulesets, in tenths, for each of two variants of iptables."""
PACKETS, ESTABLISHED = 120, 20
KEPT = FIXTURES / "kernel"


@pytest.mark.parametrize("family", list(Family), ids=lambda family: family.value)
def test_drawn_rulesets(lab: Lab, family: Family) -> None:
    campaign(lab, family, RULESETS * SHARE[family] // 10, KEPT)


def campaign(lab: Lab, family: Family, number: int, folder: Path, planted: Planted | None = None) -> None:
    """Try so many rulesets; the first disagreement is made small, kept and reported."""

    @settings(
        max_examples=number,
        derandomize="ZIMLINT_KERNEL_RULESETS" not in os.environ,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate],  # it is made small by its text
        suppress_health_check=list(HealthCheck),
    )
    @given(rulesets(family), st.integers(0, 1 << 32))
    def attempt(drawn: Ruleset, seed: int) -> None:
        _attempt(lab, loadable(drawn), random.Random(seed), folder, planted)

    attempt()


Planted = Callable[[Experiment, list[Probe]], list[Probe]]
"""Of a campaign against a reading that is wrong on purpose: the packets that it is wrong about; others need not be
sent. Nothing of it is counted, and what was drawn is not asked, only the kernel."""


def _attempt(lab: Lab, drawn: Ruleset, chance: random.Random, folder: Path, planted: Planted | None) -> None:
    if chance.random() < 0.3:
        drawn = settled(drawn)
    experiment = Experiment(drawn.family, shuffled(drawn, chance), write_sets(sets_of(drawn.family)), (HIDDEN,))
    probes = _probes(drawn, chance)
    if planted is not None and not (probes := planted(experiment, probes)):
        return
    told = planted is None
    before = lab.seconds
    verdicts = linux(lab, experiment, probes)
    assert verdicts is not None, f"refused by the real tool: {lab.refusal}\n{experiment.rules}"
    if told:
        count("rulesets")
        count("kernel packets", len(probes))
        took("kernel packets", lab.seconds - before)
        count("disagreements with the kernel", 0)
    ruleset = compare.read(experiment)
    assert ruleset.problems == () or all(p.check == "repeated-table" for p in ruleset.problems), ruleset.problems
    for found in disagreements(ruleset, probes, verdicts):
        count("disagreements with the kernel", int(told))
        small, rest = minimal(lab, experiment, found)
        path = keep(folder, small, rest)
        raise AssertionError(f"kept as {path}:\n{path.read_text(encoding='utf-8')}")
    if told:
        _as_drawn(drawn, ruleset, probes, experiment)


def _as_drawn(drawn: Ruleset, ruleset: Ruleset, probes: Sequence[Probe], experiment: Experiment) -> None:
    """The text says what was drawn, and nobody says ``depends`` where all is settled."""
    is_settled = not _has_choice(drawn) and settled(drawn) == drawn
    for packet in (probe.packet for probe in probes):
        ours = replay(ruleset, packet).verdict
        assert ours == replay(drawn, packet).verdict, (experiment.rules, packet)
        assert ours != "depends" or not is_settled or _has_past(packet), (experiment.rules, packet)


def _has_choice(ruleset: Ruleset) -> bool:
    """Whether NAT may choose, or a packet may leave by an interface that the rules do not tell."""
    for chains in ruleset.tables.values():
        for chain in chains.values():
            for rule in chain.rules:
                if isinstance(rule.target, Nat) or any(isinstance(c, OutInterface) for c in rule.conditions):
                    return True
    return False


def _has_past(packet: Packet) -> bool:
    """Whether something of the packet stands in no header: the past of its flow, or flags that may be any."""
    return packet.state in ("ESTABLISHED", "INVALID")


def _probes(ruleset: Ruleset, chance: random.Random) -> list[Probe]:
    """First packets, and packets of open flows with distinct ends."""
    probes: list[Probe] = []
    flows: set[tuple[int, int, int]] = set()
    for packet in nearby(ruleset, chance, PACKETS, ESTABLISHED):
        if packet.state != "ESTABLISHED":
            probes.append(Probe(packet))
            continue
        flow = (packet.protocol, packet.source, packet.source_port)
        if flow not in flows and _can_be_answered(packet):
            flows.add(flow)
            probes.append(Probe(packet, chance.choice(("peer", "host"))))
    return probes


def _can_be_answered(packet: Packet) -> bool:
    """Whether the host can have sent a packet to that source, and from that port."""
    ports = packet.source_port and packet.destination_port
    if packet.family is Family.IPV4:
        return bool(ports) and 0x01000000 <= packet.source < 0xE0000000 and packet.source >> 24 != 127
    return (bool(ports) and packet.source >> 125 == 1) or packet.source >> 121 == 0x7E
