"""Finds ``zimlint: allow CHECK: reason`` in the files of a host.

It stands in a comment on the line itself or above it, in the comment of a ufw rule (hexadecimal in user.rules, plain
in ``ufw status``), or in ``-m comment --comment "..."``; in an Ansible task it speaks for all lines of the task. A
``#`` behind a rule is no comment: iptables-restore refuses the line (``Bad argument `#'``), a profile takes it as part
of the value; behind ``:INPUT DROP [0:0]`` and ``*filter`` iptables-restore reads no further. Seen with iptables 1.8.9,
both variants, and ufw 0.36.2.
Case and blanks do not matter. What is only like it (``zimlint ignore CHECK``) is handed back without checks.
Invariant: text is only looked through; what a line means to the real tool is asked of nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zimlint.source import Source, Span
from zimlint.suppressions import has_suppressions

_TUPLE = "### tuple ###"
_HEX = re.compile(r"\bcomment=((?:[0-9a-f]{2})+)")
_OPTION = re.compile(
    r"""(?:--|(?<=[\s{,]))comment(?:[ \t]*[:=][ \t]*|[ \t]+)(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(?!--)(\S+))"""
)
_YAML_KEY = re.compile(r"\s*(?:- +)*[\w.]+:(?:\s|$)")
_YAML_ITEM = re.compile(r"(\s*)- +\S")
_YAML_TASK = re.compile(r"\s*- +[\w.]+:(?:\s|$)")
_NAME = "zimlint"
_MARK = r"zimlint\s*:"
_ALLOW = re.compile(rf"{_MARK}\s*allow\s+([\w-]+(?:\s*,\s*[\w-]+)*)(?:\s*:\s*|\s+|$)(.*)", re.DOTALL | re.IGNORECASE)
_LIKE_IT = r"zimlint[\W_]{0,4}(?:allow|ignore|disable|suppress|accept|skip|noqa)(?:e?d|s)?(?![^\W_])"
"""With the colon forgotten, or the word of another linter; what speaks about zimlint reads otherwise."""


class Suppression(NamedTuple):
    """One of them. ``checks`` is empty where it is not understood, or where it may be none at all: see ``marked``."""

    checks: tuple[str, ...]
    reason: str
    text: str
    """As it was written."""
    span: Span
    lines: Sequence[int]
    """The lines of its file that it speaks for."""
    of_rule: bool
    """It is the comment of a rule, so that it shows in every file that shows the rule."""
    marked: bool = True
    """It begins with ``zimlint:``, so that it means to be one."""


def read_suppressions(source: Source) -> Iterator[Suppression]:
    """All of one file, in its order."""
    if not has_suppressions((source,)):
        return
    lines = source.text.split("\n")
    task = range(0)
    for number, line in enumerate(lines, 1):
        if _NAME not in line.lower() and not line.lstrip().startswith(_TUPLE):
            continue
        bare = line.strip()
        if bare.startswith(_TUPLE):
            found = _HEX.search(line)
            if found is not None:
                text = bytes.fromhex(found[1]).decode("utf-8", "replace")
                yield from _suppression(source, number, text, found.start(), found.end(), _block(lines, number), True)
        elif bare.startswith(("#", ";")):
            text = bare.lstrip("#; \t")
            start = line.index(bare)
            below = _below(lines, number)
            task = _task(lines, below, task)
            yield from _suppression(source, number, text, start, start + len(bare), (number, below, *task), False)
        elif options := list(_OPTION.finditer(line)):
            for option in options:
                text = re.sub(r"\\(.)", r"\1", option[1]) if option[1] is not None else option[2] or option[3] or ""
                task = _task(lines, number, task)
                yield from _suppression(source, number, text, option.start(), option.end(), (number, *task), True)
        elif (yaml := _YAML_KEY.match(line)) or not (bare.startswith("-") or "=" in line.partition("#")[0]):
            mark = re.search(r"(?<=\s)#\s*(?=.*zimlint)", line, re.IGNORECASE)
            if mark is not None:
                of_rule = not yaml and not bare.startswith((":", "*"))  # else a row of ufw status
                text = line[mark.end() :].strip()
                task = _task(lines, number, task)
                end = len(line.rstrip())
                yield from _suppression(source, number, text, mark.start(), end, (number, *task), of_rule)


def _suppression(
    source: Source, number: int, text: str, start: int, end: int, lines: Sequence[int], of_rule: bool
) -> Iterator[Suppression]:
    text = text.strip()
    span = Span(source, number, start + 1, number, end + 1)
    found = _ALLOW.fullmatch(text)
    if found is not None:
        checks = tuple(dict.fromkeys(re.split(r"\s*,\s*", found[1].lower())))
        yield Suppression(checks, found[2].strip(), text, span, lines, of_rule)
    elif re.match(_MARK, text, re.IGNORECASE):
        yield Suppression((), "", text, span, lines, of_rule)
    elif (re.search if of_rule else re.match)(_LIKE_IT, text, re.IGNORECASE):  # a rule of ufw's has but one comment
        yield Suppression((), "", text, span, lines, of_rule, marked=False)


def _below(lines: Sequence[str], number: int) -> int:
    """The line that a comment is about: the next one that is no comment itself."""
    for below in range(number, len(lines)):
        if not lines[below].lstrip().startswith(("#", ";")):
            return below + 1
    return number


def _task(lines: Sequence[str], number: int, before: range) -> range:
    """The lines of the Ansible task that a line of YAML belongs to; of a play or block those before its tasks.

    ``before`` are those of the suppression before.
    """
    if number in before:
        return before
    if number > len(lines) or not (_YAML_KEY.match(lines[number - 1]) or _YAML_ITEM.match(lines[number - 1])):
        return range(0)
    depth = _depth(lines[number - 1])
    first = number
    if not depth and not _YAML_TASK.match(lines[first - 1]):
        return range(0)
    while not (_YAML_TASK.match(lines[first - 1]) and (first == number or _depth(lines[first - 1]) < depth)):
        first -= 1
        if first == 0:
            return range(0)
    depth, last = _depth(lines[first - 1]), first
    while last < len(lines) and (not lines[last].strip() or _depth(lines[last]) > depth):
        if _YAML_TASK.match(lines[last]):
            break
        last += 1
    return range(first, last + 1)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block(lines: Sequence[str], number: int) -> range:
    """The tuple and the lines that ufw wrote for it."""
    end = number
    while end < len(lines) and lines[end].strip() and not lines[end].startswith("###"):
        end += 1
    return range(number, end + 1)
