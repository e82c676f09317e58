"""Real files of others that are not part of this repository, where ``ZIMLINT_CORPUS`` names their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def corpus_files(folder: str) -> list[Path]:
    """The files below a folder of the corpus; skips the test where there are none."""
    root = os.environ.get("ZIMLINT_CORPUS")
    if not root:
        pytest.skip("no corpus (ZIMLINT_CORPUS names its folder)")
    files = sorted(path for path in (Path(root) / folder).rglob("*") if path.is_file())
    if not files:
        pytest.skip(f"no corpus at {root} (ZIMLINT_CORPUS names its folder)")
    return files
