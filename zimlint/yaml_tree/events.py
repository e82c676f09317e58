"""Any YAML as a tree, by PyYAML.

Invariant: PyYAML is asked for events only, so nothing is constructed and no type is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from zimlint.source import ConfigError, InternalError, Source, Span
from zimlint.yaml_tree import MAX_DEPTH, YamlList, YamlMap, YamlNode, YamlText, kind


def read_events(source: Source) -> YamlNode | None:
    """The one document of a source."""
    events = _events(source)
    root: YamlNode | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise ConfigError("a second document starts here, expected only one", _span(source, event))
            root = _node(source, events, next(events), 0)
    return root


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
            raise ConfigError(f"expected a word as key, not {kind(key)}", key.span)
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
