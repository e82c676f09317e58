"""The arguments of an Ansible module, converted as Ansible converts them (ansible/module_utils/common/parameters.py).

Invariant: what is not written out raises ``NotLiteral`` with its place; nothing is filled in.
Invariant: what the module would refuse raises ``ModuleRefuses``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from zimlint.source import ConfigError, Span
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText


class NotLiteral(Exception):  # noqa: N818
    """What the task does is not written out in it; the message is the reason."""

    def __init__(self, reason: str, span: Span) -> None:
        super().__init__(reason)
        self.reason = reason
        self.span = span


class ModuleRefuses(Exception):  # noqa: N818
    """The module fails before it calls its tool."""


Words = Mapping[str, tuple[str, ...]]
Value = str | bool | int | tuple[str, ...] | Words | None


class Parameter(NamedTuple):
    """One parameter of a module: ``argument_spec`` in its source."""

    kind: Literal["word", "switch", "number", "list", "lists"] = "word"
    default: Value = None
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class Arguments:
    """The arguments of one call. It guards that each is asked for as what it is."""

    def __init__(self, values: Mapping[str, Value], given: Collection[str]) -> None:
        self._values = values
        self.given = given
        """The parameters that the task names."""

    def word(self, name: str) -> str | None:
        """A string, None where there is none."""
        value = self._values[name]
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int | None:
        """A whole number."""
        value = self._values[name]
        return value if isinstance(value, int) else None

    def switch(self, name: str) -> bool:
        """A switch that is on."""
        return self._values[name] is True

    def words(self, name: str) -> tuple[str, ...] | None:
        """A list; None only where the task says ``null``."""
        value = self._values[name]
        return value if isinstance(value, tuple) else None

    def lists(self, name: str) -> Words | None:
        """A mapping of lists, None where there is none."""
        value = self._values[name]
        return value if isinstance(value, Mapping) else None


def read_arguments(node: YamlNode, parameters: Mapping[str, Parameter]) -> Arguments:
    """The arguments under a module's name, as a mapping or in one line."""
    entries, keys = _one_line(node) if isinstance(node, YamlText) else _mapping(node)
    names = {alias: name for name, parameter in parameters.items() for alias in (name, *parameter.aliases)}
    for key in entries:
        if key not in names:
            raise NotLiteral(f"'{shortened(key)}' is no argument that is known here", keys[key])
    written = {key: _literal(value) for key, value in entries.items()}
    given: dict[str, _Written] = {}
    for alias, name in names.items():  # of several names for one parameter the last alias counts (_handle_aliases)
        if alias in written:
            given[name] = written[alias]
    values = {name: parameter.default for name, parameter in parameters.items()}
    values |= {name: _converted(name, parameters[name], value) for name, value in given.items()}
    return Arguments(values, tuple(given))


def exclusive(arguments: Arguments, *groups: Sequence[str]) -> None:
    """``mutually_exclusive`` of a module."""
    for group in groups:
        if sum(name in arguments.given for name in group) > 1:
            raise ModuleRefuses(f"parameters are mutually exclusive: {'|'.join(group)}")


def check_text(text: str, span: Span) -> None:
    """NotLiteral where a text is a template, or where Ansible puts variables of the environment in."""
    found = _TEMPLATE.search(text)
    if found is not None:
        raise NotLiteral(f"{shortened(found[0])} is only known when Ansible runs", span)


def shortened(text: str) -> str:
    """A text on one line, for a message."""
    text = " ".join(text[:200].split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def checked_words(words: Iterable[str], span: Span) -> tuple[str, ...]:
    """The words of a command as they are; run_command puts variables of the environment in (basic.py)."""
    known = tuple(words)
    for word in known:
        found = _ENVIRONMENT.search(word)
        if found is not None:
            raise NotLiteral(f"{shortened(found[0])} is only known when the module runs", span)
    return known


_TEMPLATE = re.compile(r"\{\{.*?(?:\}\}|$)|\{%.*?(?:%\}|$)|\{#.*?(?:#\}|$)", re.S)
_ENVIRONMENT = re.compile(r"\$(?:\w+|\{[^}]*\})|^~[\w.-]*")
_TRUE = ("y", "yes", "on", "1", "true", "t", "1.0")
_FALSE = ("n", "no", "off", "0", "false", "f", "0.0")
_ONE = re.compile(r"""\s*(\w+)=("[^"\\]*"|'[^'\\]*'|[^\s"'\\]*)(?=\s|$)""")

_Word = str | bool | int | float | None
_Written = _Word | tuple[_Word, ...] | Mapping[str, "_Written"]


def _mapping(node: YamlNode) -> tuple[Mapping[str, YamlNode], Mapping[str, Span]]:
    if not isinstance(node, YamlMap):
        raise NotLiteral("arguments are expected here, not a list", node.span)
    return node.entries, node.keys


def _one_line(node: YamlText) -> tuple[dict[str, YamlNode], dict[str, Span]]:
    """``rule=allow port=25``: every value is a string (ansible/parsing/splitter.py)."""
    check_text(node.text, node.span)
    entries: dict[str, YamlNode] = {}
    place = 0
    text = "" if node.empty else node.text.strip()
    while place < len(text):
        found = _ONE.match(text, place)
        if found is None:
            raise NotLiteral("arguments in one line are read only as key=value", node.span)
        value = found[2]
        entries[found[1]] = YamlText(value[1:-1] if value[:1] in ("'", '"') else value, node.span, plain=False)
        place = found.end()
    return entries, dict.fromkeys(entries, node.span)


def _literal(node: YamlNode) -> _Written:
    """A value as YAML gives it to Ansible."""
    match node:
        case YamlText():
            check_text(node.text, node.span)
            from zimlint.yaml_tree.scalars import scalar_value

            try:
                return scalar_value(node)
            except ConfigError as error:
                raise NotLiteral(error.message, node.span) from None
        case YamlList(items):
            return tuple(_one_word(item) for item in items)
        case YamlMap(entries):
            return {key: _literal(value) for key, value in entries.items()}


def _one_word(node: YamlNode) -> _Word:
    value = _literal(node)
    if isinstance(value, tuple | Mapping):
        raise NotLiteral("one word is expected here", node.span) if node.span else ModuleRefuses("no list")
    return value


def _converted(name: str, parameter: Parameter, value: _Written) -> Value:
    if value is None:
        return None
    match parameter.kind:
        case "word":
            return _chosen(name, _string(name, value), parameter.choices)
        case "switch":
            return _switch(name, value)
        case "number":
            text = str(value).strip()
            if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d{1,9}", text):
                raise ModuleRefuses(f"argument '{name}' is of type {type(value).__name__} and cannot be an int")
            return int(text)
        case "list":
            return tuple(_strings(name, value))
        case "lists":
            if not isinstance(value, Mapping):
                raise ModuleRefuses(f"argument '{name}' cannot be converted to a dict")
            return {key: tuple(_strings(key, inner)) for key, inner in value.items() if inner is not None}


def _string(name: str, value: _Written) -> str:
    if isinstance(value, tuple | Mapping):
        raise ModuleRefuses(f"argument '{name}' is a list or a mapping, and one word is wanted")
    return str(value)


def _strings(name: str, value: _Written) -> Iterator[str]:
    if isinstance(value, Mapping):
        raise ModuleRefuses(f"argument '{name}' cannot be converted to a list")
    if isinstance(value, str):
        yield from value.split(",")
        return
    for item in value if isinstance(value, tuple) else (value,):
        if item is None:
            raise ModuleRefuses(f"argument '{name}' holds nothing where a word is wanted")
        yield str(item)


def _switch(name: str, value: _Written) -> bool:
    text = str(value).lower().strip()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ModuleRefuses(f"argument '{name}' is not a valid boolean: '{shortened(text)}'")


def _chosen(name: str, value: str, choices: tuple[str, ...]) -> str:
    """A word of ``choices``; YAML makes true of ``on``, and Ansible finds back (_validate_argument_values)."""
    if not choices or value in choices:
        return value
    for spelled, known in (("True", _TRUE), ("False", _FALSE)):
        meant = [choice for choice in choices if choice in known]
        if value == spelled and len(meant) == 1:
            return meant[0]
    raise ModuleRefuses(f"value of {name} must be one of: {', '.join(choices)}, got: {shortened(value)}")
