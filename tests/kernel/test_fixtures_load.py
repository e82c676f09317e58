"""The real iptables-restore takes every rules file of the fixtures but those whose fault is that it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers import FIXTURES

FILES = sorted([*FIXTURES.rglob("rules.v4"), *FIXTURES.rglob("rules.v6")])
REFUSED = (
    "not-loaded/fires-",
    "unreadable-line/fires-",
    "undefined-chain/fires-",
    "template/fires-",
    "chain-loop/fires-from-",
)
LOADED_ALL_THE_SAME = ("not-loaded/fires-no-final-newline-legacy",)
"""What only the legacy variant refuses."""


def missing() -> str | None:
    """One line on why rules cannot be loaded here, None if they can."""
    if os.geteuid() != 0:
        return "needs root to make a namespace"
    absent = [name for name in ("unshare", "iptables-restore", "ip6tables-restore") if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


_MISSING = missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real iptables: {_MISSING}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_real_tool_loads_it(path: Path) -> None:
    """In a namespace of its own."""
    tool = "iptables-restore" if path.suffix == ".v4" else "ip6tables-restore"
    loaded = subprocess.run(["unshare", "--net", tool, str(path)], capture_output=True, text=True)
    name = str(path.relative_to(FIXTURES))
    refused = (
        path.suffix == ".v4"
        and any(part in name for part in REFUSED)
        and not any(part in name for part in LOADED_ALL_THE_SAME)
    )
    assert (loaded.returncode != 0) is refused, loaded.stderr
