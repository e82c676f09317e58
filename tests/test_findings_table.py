"""``fixtures/findings.txt``: what is found in each fixture, a line each, so that a change of noise is seen at once.

``UPDATE_EXPECT=1 pytest tests/test_findings_table.py`` writes it anew; the difference is to be read like code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.helpers import FIXTURES, run_zimlint

TABLE = FIXTURES / "findings.txt"
HEAD = """\
# What zimlint finds in each folder: "severity check file:line", in brackets where suppressed; notes as "note check".
# Made by: UPDATE_EXPECT=1 python -m pytest tests/test_findings_table.py
"""


def hosts() -> Iterator[Path]:
    """The folders that tests lint as a whole."""
    yield from sorted(path for path in (FIXTURES / "hosts").iterdir() if path.is_dir())
    for group in sorted(path for path in FIXTURES.iterdir() if path.is_dir() and path.name not in ("hosts", "kernel")):
        yield from sorted(path for path in group.glob("*/*") if path.is_dir() and path.name != "rules")


def line_of(folder: Path) -> str:
    """What is found in a folder."""
    run = run_zimlint("--format", "json", folder.name, cwd=folder.parent)
    report: dict[str, Any] = json.loads(run.out)
    told = [said(finding, folder) for finding in report["findings"]]
    told += [f"[{said(finding, folder)}]" for finding in report.get("suppressed", [])]
    told += sorted(f"note {note['check']}" for note in report["notes"])
    return f"{folder.relative_to(FIXTURES)}: {', '.join(told) or '-'}\n"


def said(finding: dict[str, Any], folder: Path) -> str:
    """One finding, as short as it gets."""
    place = f"{finding['file'].removeprefix(folder.name + '/')}:{finding['line']}"
    return f"{finding['severity']} {finding['check']} {place}"


def test_the_table_is_current() -> None:
    """Each fixture gives what the table says."""
    made = HEAD + "".join(map(line_of, hosts()))
    if os.environ.get("UPDATE_EXPECT"):
        TABLE.write_text(made, encoding="utf-8")
    assert made.splitlines() == TABLE.read_text(encoding="utf-8").splitlines()
