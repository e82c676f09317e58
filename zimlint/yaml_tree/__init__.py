"""YAML as a tree that knows where each word stands, for what users and we write by hand.

Invariant: a tree is finite and holds each word once: anchors, aliases, tags and duplicate keys are refused.
Invariant: words are not converted; who asks for a number or a switch says so (``off`` stays ``off``).
Invariant: every mistake is a ``ConfigError`` with its place and what was expected there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from zimlint.source import ConfigError, Source, Span

MAX_TEXT = 500_000
MAX_DEPTH = 12
"""How deep a tree may be."""
_ON = ("true", "yes", "on")
_OFF = ("false", "no", "off")
_NULL = ("", "~", "null")


class YamlText(NamedTuple):
    """A scalar; ``plain`` is False for a quoted or block scalar."""

    text: str
    span: Span
    plain: bool

    @property
    def empty(self) -> bool:
        """Nothing was written (``key:``), or null."""
        return self.plain and self.text.lower() in _NULL


class YamlList(NamedTuple):
    """A sequence."""

    items: tuple[YamlNode, ...]
    span: Span


class YamlMap(NamedTuple):
    """A mapping; ``keys`` holds where each key stands."""

    entries: Mapping[str, YamlNode]
    keys: Mapping[str, Span]
    span: Span | None


YamlNode = YamlText | YamlList | YamlMap


def read_tree(source: Source, max_depth: int = MAX_DEPTH) -> YamlNode | None:
    """The one document of a source; None where there is nothing in it but comments."""
    if len(source.text) > MAX_TEXT:
        raise ConfigError(f"more than {MAX_TEXT:,} characters, expected a small file", Span(source, 1))
    from zimlint.yaml_tree.events import read_events  # PyYAML is loaded only where there is YAML to read

    root = read_events(source, max_depth)
    if isinstance(root, YamlText) and root.empty:
        return None
    return root


def mapping(node: YamlNode | None, what: str) -> YamlMap:
    """The node as a mapping; ``what`` names it in the error. An absent or empty value is an empty mapping."""
    if node is None or (isinstance(node, YamlText) and node.empty):
        return YamlMap({}, {}, None)
    if not isinstance(node, YamlMap):
        raise ConfigError(f"{what}: expected 'key: value' lines, not {kind(node)}", node.span)
    return node


def items(node: YamlNode | None, what: str) -> tuple[YamlText, ...]:
    """The node as a list of words. An absent or empty value is an empty list."""
    if node is None or (isinstance(node, YamlText) and node.empty):
        return ()
    if not isinstance(node, YamlList):
        raise ConfigError(f"{what}: expected a list like [a, b], not {kind(node)}", node.span)
    return tuple(word(item, what) for item in node.items)


def word(node: YamlNode, what: str) -> YamlText:
    """The node as one scalar that is not empty."""
    if not isinstance(node, YamlText):
        raise ConfigError(f"{what}: expected one word, not {kind(node)}", node.span)
    if node.empty or not node.text.strip():
        raise ConfigError(f"{what}: expected a word, found nothing", node.span)
    return node


def switch(node: YamlNode, what: str) -> bool:
    """The node as true or false, in YAML's spellings."""
    text = word(node, what)
    if text.text.lower() in _ON:
        return True
    if text.text.lower() in _OFF:
        return False
    raise ConfigError(f"{what}: expected true or false, not '{text.text}'", text.span)


def number(node: YamlNode, what: str, low: int, high: int) -> int:
    """The node as a whole number within bounds."""
    text = word(node, what)
    digits = text.text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and low <= int(digits) <= high):
        raise ConfigError(f"{what}: expected a number from {low} to {high}, not '{digits}'", text.span)
    return int(digits)


def choice(node: YamlNode, what: str, choices: Collection[str]) -> str:
    """The node as one of some words."""
    text = word(node, what)
    if text.text not in choices:
        near = hint(text.text, choices)
        raise ConfigError(f"{what}: expected one of {', '.join(choices)}, not '{text.text}'{near}", text.span)
    return text.text


def only_keys(node: YamlMap, what: str, known: Collection[str]) -> None:
    """Refuses keys that nobody reads."""
    for key, span in node.keys.items():
        if key not in known:
            near = hint(key, known)
            raise ConfigError(f"{what}: unknown key '{key}'{near or ', expected ' + ', '.join(known)}", span)


def hint(text: str, known: Collection[str]) -> str:
    """``, did you mean 'x'?`` where a known word is near, else nothing."""
    from difflib import get_close_matches

    folded = {candidate.lower().replace("_", "-"): candidate for candidate in known}
    near = get_close_matches(text.lower().replace("_", "-"), folded, n=1, cutoff=0.7)
    return f", did you mean '{folded[near[0]]}'?" if near else ""


def kind(node: YamlNode) -> str:
    """What a node is, for messages."""
    match node:
        case YamlText():
            return "nothing" if node.empty else f"'{node.text[:40]}'"
        case YamlList():
            return "a list"
        case YamlMap():
            return "a mapping"
