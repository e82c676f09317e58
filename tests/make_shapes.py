"""Makes the ``grammars/<name>.shapes.json``: ``python -m tests.make_shapes``.

A grammar's everyday shapes and their trees are kept ready in them, so that most runs never load Lark.
Invariant: the same grammar and shapes always give the same text; a test compares it with the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.formats.iptables_shapes import iptables_save_shapes
from tests.formats.ufw_shapes import ufw_command_shapes, ufw_profile_shapes, ufw_status_shapes
from zimlint.formats.lines import parse_with_lark

GRAMMARS = Path(__file__).parent.parent / "grammars"

SHAPES: dict[str, Callable[[], Iterable[str]]] = {
    "iptables_save": iptables_save_shapes,
    "ufw_command": ufw_command_shapes,
    "ufw_profile": ufw_profile_shapes,
    "ufw_status": ufw_status_shapes,
}
"""The shapes of each grammar that are kept ready."""


def shapes_text(grammar: str) -> str:
    """The text of a grammar's ``.shapes.json``: one shape a line, sorted."""
    shapes = sorted(set(SHAPES[grammar]()))
    lines = [f"{json.dumps(shape)}: {json.dumps(parse_with_lark(grammar, shape))}" for shape in shapes]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    for name in SHAPES:
        (GRAMMARS / f"{name}.shapes.json").write_text(shapes_text(name), encoding="utf-8")
