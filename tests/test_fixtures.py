"""Every host under ``fixtures/`` gives what stands beside it in its ``.expected`` file.

``UPDATE_EXPECT=1 pytest tests/test_fixtures.py`` writes those files anew; the difference is to be read like code.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers import FIXTURES, run_zimlint
from zimlint.checks import load_checks

HOSTS = sorted(path for path in (FIXTURES / "hosts").iterdir() if path.is_dir())
CASES = sorted(path for path in (FIXTURES / "checks").glob("*/*") if path.is_dir())

PAIRS: dict[str, set[str]] = {}
"""Fixtures whose one fault is rightly told by two checks, with the other one."""


@pytest.mark.parametrize("folder", HOSTS + CASES, ids=lambda folder: str(folder.relative_to(FIXTURES)))
def test_output_is_as_expected(folder: Path) -> None:
    """What a person sees, word for word, and the exit status."""
    run = run_zimlint(folder.name, cwd=folder.parent)
    transcript = run.transcript(f"zimlint {folder.name}")
    expected = folder.with_name(folder.name + ".expected")
    if os.environ.get("UPDATE_EXPECT"):
        expected.write_text(transcript, encoding="utf-8")
    assert transcript == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: str(folder.relative_to(FIXTURES / "checks")))
def test_a_fixture_shows_one_fault_or_none(folder: Path) -> None:
    """``fires-*`` gives exactly one finding (or note), of the check it stands under; ``quiet-*`` gives no finding."""
    check = folder.parent.name
    run = run_zimlint("--format", "json", folder.name, cwd=folder.parent)
    findings, notes = run.checks(), run.notes()
    if folder.name.startswith("quiet-"):
        assert findings == []
        assert check not in notes
    elif load_checks()[check].severity == "note":
        assert findings == []
        assert notes.count(check) == 1
    else:
        name = f"{check}/{folder.name}"
        assert sorted(findings) == sorted([check, *PAIRS.get(name, ())])


def test_every_check_has_a_firing_and_a_quiet_fixture() -> None:
    """A check without both is not done."""
    for check in load_checks():
        names = [path.name for path in CASES if path.parent.name == check]
        assert any(name.startswith("quiet-") for name in names), f"{check}: no quiet fixture"
        assert any(name.startswith("fires-") for name in names), f"{check}: no firing fixture"


def test_no_expectation_without_its_fixture() -> None:
    """A fixture that was renamed leaves nothing behind."""
    left_over = [str(path) for path in FIXTURES.rglob("*.expected") if not path.with_suffix("").is_dir()]
    assert left_over == []


@pytest.mark.parametrize(
    "name", ["single-correct", "multi-correct", "iptables-correct", "iptables-written", "fail2ban"]
)
def test_a_correct_host_gets_no_finding(name: str) -> None:
    """Nothing but its summary, and exit status 0."""
    run = run_zimlint(name, cwd=FIXTURES / "hosts")
    assert (run.out, run.status) == ("", 0)
