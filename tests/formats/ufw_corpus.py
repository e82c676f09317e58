"""Where the harvest of ufw's own test suite lies, if it is there at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(os.environ.get("ZIMLINT_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))


def corpus_files(folder: str) -> list[Path]:
    """The files below a folder of the harvest; skips the test where there are none."""
    files = sorted(path for path in (_ROOT / "ufw-testsuite" / folder).rglob("*") if path.is_file())
    if not files:
        pytest.skip(f"no corpus at {_ROOT} (set ZIMLINT_CORPUS)")
    return files
