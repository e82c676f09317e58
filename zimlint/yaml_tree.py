"""YAML as a tree that knows where each word stands, for what users and we write by hand.

Invariant: a tree is finite and holds each word once: anchors, aliases, tags and duplicate keys are refused.
Invariant: words are not converted; who asks for a number or a switch says so (``off`` stays ``off``).
Invariant: every mistake is a ``ConfigError`` with its place and what was expected there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import yaml

from zimlint.source import ConfigError, InternalError, Source, Span

MAX_TEXT = 500_000
MAX_DEPTH = 12
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


def read_tree(source: Source) -> YamlNode | None:
    """The one document of a source; None where there is nothing in it but comments."""
    if len(source.text) > MAX_TEXT:
        raise ConfigError(f"more than {MAX_TEXT:,} characters, expected a small file", Span(source, 1))
    events = _events(source)
    root: YamlNode | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise ConfigError("a second document starts here, expected only one", _span(source, event))
            root = _node(source, events, next(events), 0)
    if isinstance(root, YamlText) and root.empty:
        return None
    return root


def mapping(node: YamlNode | None, what: str) -> YamlMap:
    """The node as a mapping; ``what`` names it in the error. An absent or empty value is an empty mapping."""
    if node is None or (isinstance(node, YamlText) and node.empty):
        return YamlMap({}, {}, None)
    if not isinstance(node, YamlMap):
        raise ConfigError(f"{what}: expected 'key: value' lines, not {_kind(node)}", node.span)
    return node


def items(node: YamlNode | None, what: str) -> tuple[YamlText, ...]:
    """The node as a list of words. An absent or empty value is an empty list."""
    if node is None or (isinstance(node, YamlText) and node.empty):
        return ()
    if not isinstance(node, YamlList):
        raise ConfigError(f"{what}: expected a list like [a, b], not {_kind(node)}", node.span)
    return tuple(word(item, what) for item in node.items)


def word(node: YamlNode, what: str) -> YamlText:
    """The node as one scalar that is not empty."""
    if not isinstance(node, YamlText):
        raise ConfigError(f"{what}: expected one word, not {_kind(node)}", node.span)
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


def _events(source: Source) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        context = f" {error.context}" if error.context else ""
        span = Span(source, mark.line + 1, mark.column + 1) if mark else Span(source, 1)
        raise ConfigError(f"not YAML: {error.problem or 'syntax error'}{context}", span) from None
    except (yaml.reader.ReaderError, UnicodeEncodeError):  # libyaml counts bytes here, so look for the place again
        bad = yaml.reader.Reader.NON_PRINTABLE.search(source.text)
        before = source.text[: bad.start() if bad else 0]
        span = Span(source, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise ConfigError("not YAML: a character stands here that no YAML may hold", span) from None


def _node(source: Source, events: Iterator[yaml.Event], event: yaml.Event, depth: int) -> YamlNode:
    span = _span(source, event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise ConfigError("anchors and aliases are not read, expected the value itself", span)
    if depth > MAX_DEPTH:
        raise ConfigError(f"nested deeper than {MAX_DEPTH} levels", span)
    if getattr(event, "tag", None):
        raise ConfigError("tags are not read, expected a plain value", span)
    match event:
        case yaml.ScalarEvent():
            return YamlText(event.value, span, event.style in (None, ""))
        case yaml.SequenceStartEvent():
            found: list[YamlNode] = []
            for inner in events:
                if isinstance(inner, yaml.SequenceEndEvent):
                    break
                found.append(_node(source, events, inner, depth + 1))
            return YamlList(tuple(found), span)
        case yaml.MappingStartEvent():
            return _map(source, events, span, depth)
        case _:
            raise InternalError(f"unexpected {type(event).__name__} in YAML")


def _map(source: Source, events: Iterator[yaml.Event], span: Span, depth: int) -> YamlMap:
    entries: dict[str, YamlNode] = {}
    keys: dict[str, Span] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _node(source, events, event, depth + 1)
        if not isinstance(key, YamlText):
            raise ConfigError(f"expected a word as key, not {_kind(key)}", key.span)
        if key.text in entries:
            raise ConfigError(f"'{key.text}' stands here a second time, first in line {keys[key.text].line}", key.span)
        entries[key.text] = _node(source, events, next(events), depth + 1)
        keys[key.text] = key.span
    return YamlMap(entries, keys, span)


def _span(source: Source, event: yaml.Event) -> Span:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        raise InternalError("YAML event without a place")
    return Span(source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _kind(node: YamlNode) -> str:
    match node:
        case YamlText():
            return "nothing" if node.empty else f"'{node.text[:40]}'"
        case YamlList():
            return "a list"
        case YamlMap():
            return "a mapping"
