"""Every file under ``fixtures/kernel``: Linux does to its packets what stands in it, and zimlint says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.figures import count
from tests.helpers import FIXTURES
from tests.kernel.compare import disagreements, linux, read, read_kept
from tests.kernel.namespace import Lab
from zimlint.semantics.replay import replay

FILES = sorted(path for path in (FIXTURES / "kernel").iterdir() if path.suffix in (".v4", ".v6"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_kept_cases(lab: Lab, path: Path) -> None:
    kept = read_kept(path)
    probes = [probe for probe, _, _ in kept.probes]
    assert probes
    found = linux(lab, kept.experiment, probes)
    assert found == [verdict for _, verdict, _ in kept.probes], lab.refusal
    ruleset = read(kept.experiment)
    assert ruleset.problems == ()
    assert [replay(ruleset, probe.packet).verdict for probe in probes] == [ours for _, _, ours in kept.probes]
    assert list(disagreements(ruleset, probes, found)) == []
    count("packets of kept rulesets", len(probes))
    count("disagreements with the kernel", 0)
