"""Every grammar is LALR without a conflict, terminals included."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Lark

from tests.helpers import ROOT

GRAMMARS = sorted(path for path in (ROOT / "grammars").glob("*.lark") if path.stem != "common")
"""All but what the others import."""


@pytest.mark.parametrize("path", GRAMMARS, ids=lambda path: path.stem)
def test_grammar_builds_strictly(path: Path) -> None:
    """``strict=True`` refuses shift/reduce and terminal collisions; it needs interegular."""
    Lark(path.read_text(encoding="utf-8"), parser="lalr", strict=True, import_paths=[str(path.parent)])


def test_there_are_grammars() -> None:
    """The folder was found."""
    assert {"iptables_save", "ufw_status", "ufw_profile"} <= {path.stem for path in GRAMMARS}
