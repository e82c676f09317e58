"""One Ansible task: the firewall commands that its module runs, as far as they are written out.

Invariant: a task of another module is None, however much it talks about firewalls.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from zimlint.formats.ansible_arguments import (
    ModuleRefuses,
    NotLiteral,
    Parameter,
    check_text,
    checked_words,
    read_arguments,
)
from zimlint.formats.shell_lines import Line, firewall_lines, is_firewall_command, without_prefix
from zimlint.source import Source, Span, line_span
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText


class Found(NamedTuple):
    """The commands of a task; at least one."""

    module: str
    """The task's key."""
    lines: tuple[Line, ...]
    shell: bool = False
    """They come from a script, of which some may be evaluated and some not."""


def firewall_task(task: YamlMap) -> Found | None:
    """What a task does to the firewall; None where it is about something else."""
    for key, value in task.entries.items():
        collection, _, name = key.rpartition(".")
        if collection not in _COLLECTIONS or name not in _MODULES:
            continue
        span = task_span(task)
        lines: tuple[Line, ...] = ()
        shell = False
        match name:
            case "ufw" | "iptables":
                lines = tuple(_module_lines(name, value, span))
            case "iptables_state" if not (isinstance(value, YamlMap) and _text(value, "state") == "saved"):
                lines = (Line(("iptables",), span, "what iptables_state loads stands in another file"),)
            case "command" | "shell" | "raw":
                shell = name != "command"
                lines = tuple(_command_lines(value, span, shell=shell))
            case "action" | "local_action":
                lines = tuple(_named_by_action(key, value, task.keys[key]))
        if lines:
            return Found(key, lines, shell)
    return None


_COLLECTIONS = ("", "community.general", "ansible.builtin", "ansible.legacy")
_MODULES = frozenset({"ufw", "iptables", "iptables_state", "command", "shell", "raw", "action", "local_action"})
_HARMLESS = frozenset({"chdir", "executable", "stdin", "stdin_add_newline", "strip_empty_ends", "expand_argument_vars"})
"""Arguments of a command that change nothing in what it does to the firewall."""
_CONDITION = re.compile(r"(?:^|\s)(creates|removes)=")


def task_span(task: YamlMap) -> Span:
    """From the first word of a task to its last."""
    first = next(iter(task.keys.values()))
    last = first
    for span in _spans(task):
        if (span.end_line, span.end_column) > (last.end_line, last.end_column):
            last = span
    end_line, end_column = last.end_line, last.end_column
    while end_line > first.line and not _line(first.source, end_line)[: end_column - 1].strip():
        end_line -= 1  # a block of text ends where the next line begins
        end_column = len(_line(first.source, end_line).rstrip()) + 1
    return first._replace(end_line=end_line, end_column=end_column)


@lru_cache(maxsize=1)
def _lines(source: Source) -> list[str]:
    """The lines of a file, split once for all its tasks."""
    return source.text.split("\n")


def _line(source: Source, number: int) -> str:
    """A line; YAML ends lines at characters where nobody else does, so there may be none of that number."""
    return next(iter(_lines(source)[number - 1 : number]), "")


def _spans(node: YamlNode) -> Iterator[Span]:
    match node:
        case YamlText():
            yield node.span
        case YamlList(items):
            for item in items:
                yield from _spans(item)
        case YamlMap(entries, keys):
            yield from keys.values()
            for value in entries.values():
                yield from _spans(value)


def _module_lines(name: str, value: YamlNode, span: Span) -> Iterator[Line]:
    try:
        if name == "ufw":
            from zimlint.formats import ansible_ufw

            arguments = read_arguments(value, ansible_ufw.PARAMETERS)
            for words in ansible_ufw.ufw_commands(arguments, span):
                yield Line(("ufw", *checked_words(words, span)), span)
        else:
            from zimlint.formats import ansible_iptables

            arguments = read_arguments(value, ansible_iptables.PARAMETERS)
            for step in ansible_iptables.iptables_commands(arguments):
                yield Line(checked_words(step.words, span), span, only=step.only)
    except NotLiteral as unknown:
        yield Line((name,), unknown.span, unknown.reason)
    except ModuleRefuses as refused:
        yield Line((name,), span, refused=f"Ansible's module {name} fails: {refused}")


def _command_lines(value: YamlNode, span: Span, *, shell: bool) -> Iterator[Line]:
    """The commands of ``command``, ``shell`` and ``raw``."""
    text = value
    if isinstance(value, YamlMap):
        text = value.entries.get("cmd") or value.entries.get("argv") or value.entries.get("_raw_params") or value
    lines = list(_listed(text, span) if isinstance(text, YamlList) else _written(text, span, shell=shell))
    if not lines:
        return
    other = (key for key in value.entries if key not in _HARMLESS) if isinstance(value, YamlMap) else iter(())
    for key in other:
        if key not in ("cmd", "argv", "_raw_params") and isinstance(value, YamlMap):
            yield Line(lines[0].words[:1], value.keys[key], f"'{key}' decides whether it runs")
            return
    condition = _CONDITION.search(text.text) if isinstance(text, YamlText) else None
    if condition is not None:
        yield Line(lines[0].words[:1], text.span or span, f"'{condition[1]}' decides whether it runs")
        return
    yield from lines


def _listed(words: YamlList, span: Span) -> Iterator[Line]:
    """``argv``."""
    try:
        read = read_arguments(YamlMap({"argv": words}, {"argv": words.span}, words.span), _ARGV).words("argv") or ()
        if is_firewall_command(read):
            yield Line(checked_words(read, span), span)
    except NotLiteral as unknown:
        first = next((item.text for item in words.items if isinstance(item, YamlText)), "")
        if is_firewall_command([first]):
            yield Line((first,), unknown.span, unknown.reason)
    except ModuleRefuses:
        return


_ARGV: Mapping[str, Parameter] = {"argv": Parameter("list")}


def _written(node: YamlNode, span: Span, *, shell: bool) -> Iterator[Line]:
    if not isinstance(node, YamlText):
        return
    if shell:
        yield from _script(node, span)
        return
    try:
        words = tuple(without_prefix(shlex.split(node.text)))
    except ValueError:
        return
    if not is_firewall_command(words):
        return
    try:
        check_text(node.text, node.span)
        yield Line(checked_words(words, node.span), span)
    except NotLiteral as unknown:
        yield Line(words[:1], unknown.span, unknown.reason)


def _script(node: YamlText, span: Span) -> Iterator[Line]:
    """Each line of ``shell: |`` where it stands; other text as the task that it is of."""
    source = node.span.source
    marker = _line(source, node.span.line)[node.span.column - 1 : node.span.column]
    for line in firewall_lines(Source(source.name, node.text)):
        place = span
        if marker == "|":
            number = node.span.line + line.span.line
            place = line_span(source, number, _line(source, number))
        line = line._replace(span=place)
        try:
            check_text(node.text if "{%" in node.text else " ".join(line.words), place)
        except NotLiteral as unknown:
            line = Line(line.words[:1], place, unknown.reason)
        yield line


def _named_by_action(key: str, value: YamlNode, span: Span) -> Iterator[Line]:
    """``action: ufw rule=allow``: an old way to name the module."""
    named = _text(value, "module") if isinstance(value, YamlMap) else value.text if isinstance(value, YamlText) else ""
    module, _, rest = named.strip().partition(" ")
    name = module.rpartition(".")[2]
    if name in ("ufw", "iptables") or (name in ("command", "shell", "raw") and is_firewall_command(rest.split()[:1])):
        yield Line((name,), span, f"'{key}' is not read, only the module's name as a key")


def _text(entries: YamlMap, key: str) -> str:
    value = entries.entries.get(key)
    return value.text if isinstance(value, YamlText) else ""
