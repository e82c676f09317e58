"""The shapes of ``grammars/iptables_save.lark`` that are kept ready: each option alone, with all its values."""

from __future__ import annotations

from zimlint.formats.lines import ShapeRefused, parse_with_lark
from zimlint.formats.shapes import GRAMMAR, PLACEHOLDER, keywords

_OPAQUE = "other"


def iptables_save_shapes() -> tuple[str, ...]:
    """The lines around a table's rules, and the options that rules are made of."""
    around = ["* w ", ": w w ", ": w w w "]
    options = [
        f"{negation}{keyword} {PLACEHOLDER * values}"
        for keyword in keywords()
        for negation in ("", "! ")
        for values in range(3)
    ]
    return (*around, *filter(_is_whole_option, options))


def _is_whole_option(shape: str) -> bool:
    try:
        tree = parse_with_lark(GRAMMAR, shape)
    except ShapeRefused:
        return False
    return tree[0] in ("part", "line") and tree[-1][0] != _OPAQUE
