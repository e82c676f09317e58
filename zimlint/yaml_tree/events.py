"""Any YAML as a tree, by PyYAML.

Invariant: PyYAML is asked for events only, so nothing is constructed and no type is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from zimlint.source import ConfigError, InternalError, Source, Span
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText, kind


def read_events(source: Source, max_depth: int) -> YamlNode | None:
    """The one document of a source."""
    events = _events(source)
    reader = _Reader(source, events, max_depth)
    root: YamlNode | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise ConfigError("a second document starts here, expected only one", _span(source, event))
            root = reader.node(next(events), 0)
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


class _Reader:
    """Reads nodes from events; it guards how deep they are."""

    def __init__(self, source: Source, events: Iterator[yaml.Event], max_depth: int) -> None:
        self._source = source
        self._events = events
        self._max_depth = max_depth

    def node(self, event: yaml.Event, depth: int) -> YamlNode:
        """The node that an event begins."""
        span = _span(self._source, event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError("anchors and aliases are not read, expected the value itself", span)
        if depth > self._max_depth:
            raise ConfigError(f"nested deeper than {self._max_depth} levels", span)
        if getattr(event, "tag", None):
            raise ConfigError("tags are not read, expected a plain value", span)
        match event:
            case yaml.ScalarEvent():
                return YamlText(event.value, span, event.style in (None, ""))
            case yaml.SequenceStartEvent():
                found: list[YamlNode] = []
                for inner in self._events:
                    if isinstance(inner, yaml.SequenceEndEvent):
                        break
                    found.append(self.node(inner, depth + 1))
                return YamlList(tuple(found), span)
            case yaml.MappingStartEvent():
                return self._map(span, depth)
            case _:
                raise InternalError(f"unexpected {type(event).__name__} in YAML")

    def _map(self, span: Span, depth: int) -> YamlMap:
        entries: dict[str, YamlNode] = {}
        keys: dict[str, Span] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, depth + 1)
            if not isinstance(key, YamlText):
                raise ConfigError(f"expected a word as key, not {kind(key)}", key.span)
            if key.text in entries:
                first = keys[key.text].line
                raise ConfigError(f"'{key.text}' stands here a second time, first in line {first}", key.span)
            entries[key.text] = self.node(next(self._events), depth + 1)
            keys[key.text] = key.span
        return YamlMap(entries, keys, span)


def _span(source: Source, event: yaml.Event) -> Span:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        raise InternalError("YAML event without a place")
    return Span(source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
