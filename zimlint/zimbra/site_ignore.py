"""Reads ``ignore`` of ``.zimlint.yaml``: which findings somebody has accepted, where, why and until when.

Invariant: every mistake is a ``ConfigError`` with line and column and what was expected; that an entry gives no reason
is none, as in a comment: it is read, does not count, and is told as ``unused-suppression``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast, get_args

from zimlint.packets import RangeSet
from zimlint.source import ConfigError, Span
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText, hint, items, kind, mapping, only_keys, word
from zimlint.zimbra.catalogue import Transport
from zimlint.zimbra.site import Ignore

KEYS = ("check", "path", "ports", "reason", "until")
NEEDED = ("check", "path")
_EVERY = (*NEEDED, "reason")
"""What an entry is to have; see the invariant."""


def read_ignore(node: YamlNode | None, checks: Collection[str] | None) -> tuple[Ignore, ...]:
    """The entries; ``checks`` are the ids that they may name."""
    if node is None or (isinstance(node, YamlText) and node.empty):
        return ()
    if not isinstance(node, YamlList):
        raise ConfigError(f"ignore: expected a list of entries with {', '.join(_EVERY)}, not {kind(node)}", node.span)
    return tuple(_entry(item, checks) for item in node.items)


def _entry(node: YamlNode, checks: Collection[str] | None) -> Ignore:
    entry = mapping(node, "ignore")
    only_keys(entry, "ignore", KEYS)
    for key in NEEDED:
        if key not in entry.entries:
            raise ConfigError(f"ignore: expected the key '{key}'", entry.span or node.span)
    ports = entry.entries.get("ports")
    until = entry.entries.get("until")
    return Ignore(
        checks=_checks(word(entry.entries["check"], "ignore: check"), checks),
        path=word(entry.entries["path"], "ignore: path").text,
        ports=None if ports is None else _ports(items(ports, "ignore: ports"), entry.keys["ports"]),
        reason=_reason(entry.entries.get("reason")),
        until="" if until is None else _date(word(until, "ignore: until")),
        span=_place(entry, node),
    )


def _reason(node: YamlNode | None) -> str:
    """Empty where nothing is given."""
    if node is None or (isinstance(node, YamlText) and (node.empty or not node.text.strip())):
        return ""
    return word(node, "ignore: reason").text.strip()


def _place(entry: YamlMap, node: YamlNode) -> Span:
    """The line of the check, which is what an entry is known by."""
    check = entry.entries["check"]
    return (
        entry.keys["check"]._replace(end_line=check.span.end_line, end_column=check.span.end_column)
        if (check.span is not None)
        else (node.span or entry.keys["check"])
    )


def _checks(node: YamlText, checks: Collection[str] | None) -> tuple[str, ...]:
    names = [name.strip() for name in node.text.split(",")]
    for name in names:
        if not name or (checks is not None and name not in checks):
            near = hint(name, checks or ()) or ", 'zimlint checks' lists them"
            raise ConfigError(f"ignore: there is no check '{name}'{near}", node.span)
    return tuple(dict.fromkeys(names))


def _ports(nodes: Sequence[YamlText], place: Span) -> Mapping[str, RangeSet]:
    found: dict[str, list[tuple[int, int]]] = {}
    if not nodes:
        raise ConfigError("ignore: expected ports to name one, or no ports at all", place)
    for node in nodes:
        numbers, _, protocol = node.text.partition("/")
        first, _, last = numbers.partition("-")
        good = all(text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535 for text in (first, last or first))
        if protocol not in get_args(Transport) or not good or int(first) > int(last or first) or numbers.endswith("-"):
            raise ConfigError(f"ignore: expected ports like 7071/tcp or 8000-8010/udp, not '{node.text}'", node.span)
        found.setdefault(cast(Transport, protocol), []).append((int(first), int(last or first)))
    return {protocol: RangeSet(ranges) for protocol, ranges in found.items()}


def _date(node: YamlText) -> str:
    from datetime import date  # only where a date is written

    try:
        if len(node.text) != len("2026-01-31"):  # fromisoformat takes 20260131 and 2026-W05 too
            raise ValueError
        return date.fromisoformat(node.text).isoformat()
    except ValueError:
        raise ConfigError(f"ignore: expected a date like 2026-01-31, not '{node.text}'", node.span) from None
