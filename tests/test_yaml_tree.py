"""Everyday YAML is read without PyYAML, and exactly as PyYAML reads it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import FIXTURES
from zimlint.source import Source
from zimlint.yaml_tree import YamlMap, YamlNode
from zimlint.yaml_tree.events import read_events
from zimlint.yaml_tree.plain import read_plain

PIECES = st.sampled_from([
    "\n", "\n", "\n  ", "\n  ", "\n    ", " ", " ", ": ", ": ", ":", ", ", ",", "[", "]", "{", "}", "- ",
    "\n- ", "\n  - ", "-",
    " #", "#", "'", '"', "a", "bc", "key", "10.1", "192.0.2.0/24", "2001:db8::/32", "true", "~", "a b", ".", "+", "/",
    '"10.1"', "'x y'", "roles", "[a, b]", "{a: b}", "key: [a]\n", "key:\n  a: ", "k: v\n", "k2: v #c\n", "é",
    "\t", "&", "*", "!", "|",
    ">", "%", "@", "---\n", "?", "\\",
])  # fmt: skip


def places(node: YamlNode | None) -> list[object]:
    """Every map of a tree with the order of its keys; ``==`` alone would not see it."""
    if not isinstance(node, YamlMap):
        return [node]
    return [list(node.keys), *(inner for value in node.entries.values() for inner in places(value))]


def agree(text: str) -> bool:
    """Whether it was everyday YAML; if so, both readers gave one tree."""
    source = Source("x", text)
    plain = read_plain(source)
    if plain is not None:
        by_events = read_events(source)
        assert plain == by_events
        assert places(plain) == places(by_events)
    return plain is not None


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_both_readers_give_one_tree(text: str) -> None:
    agree(text)
    agree("key: " + text)
    agree("key:\n  in: " + text)


@pytest.mark.parametrize(
    "text",
    [
        "a: b\n", "a: b", "a:\n", "a: # c\n", "a: b # c\n", "a:\n  b: c\n\n  # d\n  e: [f, g,]\n", "a: {}\nb: []\n",
        "a: {b: [c, 'd e'], f: {g: h i}}\n", "a:\n  - b\n  - 'c d' # e\nf: 1\n", 'v: "10.1"  \n',
        "a:\n    b: c\nd: e\n",
        "a: 'it'\nb: 8.8.15_P46\n", "# only\na: b\n", "a:\n  b:\n  c:\nd:\n", "- a\n- b\n", "a: ''\n",
    ],
)  # fmt: skip
def test_everyday_yaml_needs_no_pyyaml(text: str) -> None:
    assert agree(text)


def test_the_site_files_of_the_fixtures_are_everyday() -> None:
    for path in FIXTURES.rglob(".zimlint.yaml"):
        assert agree(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    "text",
    [
        "", "# a\n", "a", "a: b\n c: d\n", "a: b\n  c\n", "a:\n- b\n", "a: b: c\n", "a: &x b\n", "a: *x\n",
        "a: |\n  b\n",
        "a: [b\n  , c]\n", "a: [b, , c]\n", "a: 'b''c'\n", 'a: "\\n"\n', "a: b\na: c\n", "a: b#c\n", "a: [b]#c\n",
        "? a\n: b\n", "a:\tb\n", "é: a\n", "a: 2001:db8::\n", "---\na: b\n", "a: {b}\n", "a: [b: c]\n",
        "  a: b\n", "a : b\n",
    ],
)  # fmt: skip
def test_everything_else_is_left_to_pyyaml(text: str) -> None:
    assert not agree(text)
