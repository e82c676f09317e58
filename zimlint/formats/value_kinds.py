"""Kinds of values that options of several extensions have: one function for each, as ``option_values.py`` names them.

Each raises ``ValueError`` or ``Refused`` where iptables 1.8.9 would refuse the value, and ``Unsettled`` where only the
machine knows (libxtables, xtoptions.c).
Invariant: nothing is made of a value here; no verdict is read from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from zimlint.formats.addresses import prefix_or_mask, resolved_address
from zimlint.formats.tables import Refused
from zimlint.formats.values import Unsettled, mark, number, protocol, resolved_port
from zimlint.formats.words import bytes_in
from zimlint.packets import Family

Check = Callable[[str, str, Family], object]


def _whole(bits: int) -> Check:
    def check(text: str, bounds: str, _family: Family) -> None:
        low, high = map(int, bounds.split() or ("0", "0"))
        if number(text, high or (1 << bits) - 1) < low:
            raise ValueError(text)

    return check


def _span(bits: int) -> Check:
    """``1:500``, ``:500``, ``1:``; one that is reversed loads, unless it has to be ``ordered``."""

    def check(text: str, order: str, _family: Family) -> None:
        parts = text.split(":")
        if len(parts) > 2:
            raise ValueError(text)
        top = (1 << bits) - 1
        ends = [number(part, top) if part else top * place for place, part in enumerate(parts)]
        if order == "ordered" and ends[0] > ends[-1]:
            raise ValueError(text)

    return check


def _text(text: str, bounds: str, _family: Family) -> None:
    low, high = map(int, bounds.split())
    if len(text) < low or (high and len(text) > high):
        raise ValueError(text)


def _words(fold: Callable[[str], str], several: bool, begun: bool) -> Check:
    """One of some words, or a list of them; ``begun``: the beginning of one is enough."""

    def check(text: str, bounds: str, _family: Family) -> None:
        known = [fold(word) for word in bounds.split("|")]
        parts = text.split(",") if several else [text]
        if several and not begun:
            parts = [part for part in parts if part] or [text]  # strtok
        for part in map(fold, parts):
            if not (any(part and word.startswith(part) for word in known) if begun else part in known):
                raise ValueError(text)

    return check


def _as_is(text: str) -> str:
    return text


def _interface(text: str, _bounds: str, _family: Family) -> None:
    if bytes_in(text) > 15:
        raise Refused(f"interface name `{text}' must be shorter than IFNAMSIZ (15)")


def _double(text: str, bounds: str, _family: Family) -> None:
    low, high = map(float, bounds.split())
    if not low <= float(text) <= high:
        raise ValueError(text)


def _hardware(text: str, _bounds: str, _family: Family) -> None:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}", text):
        raise ValueError(text)


def _host(text: str, _bounds: str, family: Family) -> None:
    if "/" in text:
        raise ValueError(text)
    resolved_address(text, family, "")


def _host_and_mask(text: str, _bounds: str, family: Family) -> None:
    resolved_address(text, family, "")


def _ports(text: str, _bounds: str, _family: Family) -> None:
    for part in filter(None, text.split(":", 1)):
        resolved_port(part)


def _prefix(text: str, _bounds: str, family: Family) -> None:
    number(text, family.bits)


def _prefix_or_mask(text: str, _bounds: str, family: Family) -> None:
    prefix_or_mask(text, family)


def _named(text: str, _bounds: str, _family: Family) -> None:
    """``0x1/0xff``, or a name of a table of iproute2."""
    if not text[:1].isdigit():
        raise Unsettled(text)
    for part in text.split("/", 1):
        number(part, 0xFFFFFFFF)


def _file(text: str, _bounds: str, _family: Family) -> None:
    """A name under /proc (net/netfilter/xt_recent.c, xt_hashlimit.c)."""
    if text in ("", ".", "..") or "/" in text:
        raise ValueError(text)


KINDS: dict[str, Check] = {
    "u8": _whole(8),
    "u16": _whole(16),
    "u32": _whole(32),
    "u64": _whole(64),
    "u16:": _span(16),
    "u32:": _span(32),
    "u64:": _span(64),
    "text": _text,
    "file": _file,
    "interface": _interface,
    "double": _double,
    "exact": _words(_as_is, False, False),
    "word": _words(str.lower, False, False),
    "list": _words(_as_is, True, False),
    "anycase": _words(str.lower, True, False),
    "begun": _words(str.lower, True, True),
    "mac": _hardware,
    "host": _host,
    "hostmask": _host_and_mask,
    "plen": _prefix,
    "plenmask": _prefix_or_mask,
    "port": lambda text, _bounds, _family: resolved_port(text),
    "port:": _ports,
    "proto": lambda text, _bounds, _family: protocol(text),
    "mark": lambda text, _bounds, _family: mark(text, "", ""),
    "named": _named,
}
