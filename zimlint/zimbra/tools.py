"""Programs that keep chains of their own in a firewall: what stands in those is nobody's mistake.

Written by hand in ``rules/catalogue/tools.yaml``, read from ``rules/rules.json``.

Invariant: names of chains and numbers of ports only; nothing here knows a line.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from zimlint.assets import asset_json
from zimlint.zimbra.json_values import as_list, as_object, as_text, as_texts


class Tool(NamedTuple):
    """One program; a final ``*`` of a name stands for any ending."""

    name: str
    chains: tuple[str, ...]
    but: tuple[str, ...]
    """Those among them that the administrator writes."""
    signs: tuple[str, ...]
    """Only where one of these chains is there too; empty: anyhow."""
    mixed: tuple[str, ...]
    """Those among them that the administrator adds lines to."""
    own_ports: frozenset[int]
    """The ports that the program's own lines in mixed chains name."""


@cache
def load_tools() -> tuple[Tool, ...]:
    """The programs that zimlint knows."""
    rows = (as_object(row) for row in as_list(as_object(asset_json("rules/rules.json"))["tools"]))
    return tuple(
        Tool(
            as_text(row["tool"]), as_texts(row["chains"]), as_texts(row.get("but", [])), as_texts(row.get("signs", [])),
            as_texts(row.get("mixed", [])), frozenset(int(port) for port in as_texts(row.get("own_ports", []))),
        )
        for row in rows
    )  # fmt: skip


def keeper(tools: Collection[Tool], chain: str, chains: Collection[str]) -> Tool | None:
    """The program that keeps a chain; ``chains`` are the names of all that are there. None: the administrator."""
    for tool in tools:
        if _named(tool.chains, chain) and not _named(tool.but, chain) and _signed(tool, chains):
            return tool
    return None


def comes_and_goes(tools: Collection[Tool], chain: str) -> bool:
    """Whether a chain belongs to a program that works beside ufw, be it one that the administrator adds lines to."""
    return any(_named(tool.chains, chain) for tool in tools if tool.name != "ufw" and not tool.signs)


def adds_to(tool: Tool, chain: str) -> bool:
    """Whether the administrator adds lines of his own to this chain."""
    return _named(tool.mixed, chain)


def _named(patterns: Collection[str], chain: str) -> bool:
    return any(chain.startswith(pattern[:-1]) if pattern.endswith("*") else chain == pattern for pattern in patterns)


def _signed(tool: Tool, chains: Collection[str]) -> bool:
    return not tool.signs or any(sign in chains for sign in tool.signs)
