"""The shapes kept ready are fresh, and a line of iptables is the sum of its options."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.make_shapes import GRAMMARS, SHAPES, shapes_text
from zimlint.formats.lines import Node, ShapeRefused, parse_with_lark
from zimlint.formats.shapes import COMMANDS, GRAMMAR, keywords, slots, tree_of


@pytest.mark.parametrize("grammar", SHAPES)
def test_the_shapes_kept_ready_are_the_grammar_s(grammar: str) -> None:
    kept = (GRAMMARS / f"{grammar}.shapes.json").read_text(encoding="utf-8")
    assert json.loads(kept) == json.loads(shapes_text(grammar)), "run `python -m tests.make_shapes`"


_WORDS = st.sampled_from(
    ["w ", "tcp ", "ACCEPT ", "! ", "-x ", "--foo ", "--dport=w ", *(f"{key} " for key in keywords())]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_WORDS, max_size=8))
def test_a_line_is_the_sum_of_its_options(words: list[str]) -> None:
    """Putting a line's tree together from its options gives what the grammar says, also where it refuses."""
    shape = "-A w " + "".join(words)
    assert _outcome(shape, made=True) == _outcome(shape, made=False)


def _outcome(shape: str, made: bool) -> Node | None:
    try:
        tree = tree_of(shape) if made else parse_with_lark(GRAMMAR, shape)
    except ShapeRefused:
        return None
    return tree


def test_every_option_has_a_place() -> None:
    tree = parse_with_lark(GRAMMAR, "-A w ! -s ! w -p tcp --tcp-flags w w -j ACCEPT ")
    assert [(slot.name, slot.place, slot.indexes) for slot in slots(tree)] == [
        ("append", 0, (1,)),
        ("source", 3, (5,)),
        ("protocol", 6, (7,)),
        ("tcp_flags", 8, (9, 10)),
        ("jump", 11, (12,)),
    ]
    assert set(keywords().values()) >= COMMANDS
