"""Kinds of values that only one extension has, as its own code reads them (iptables 1.8.9, extensions/).

Each raises ``ValueError`` or ``Refused`` where iptables would refuse the value, and ``Unsettled`` where only the
machine knows.
Invariant: nothing is made of a value here; no verdict is read from it.
"""

from __future__ import annotations

import re

from zimlint.formats.addresses import resolved_address
from zimlint.formats.tables import Refused
from zimlint.formats.value_kinds import Check
from zimlint.formats.values import Unsettled, number, protocol
from zimlint.packets import Family


def _rate(fastest: int) -> Check:
    """``5/min``: atoi, so that what follows the digits does not count (libxt_limit.c parse_rate)."""

    def check(text: str, _bounds: str, _family: Family) -> None:
        digits, slash, unit = text.partition("/")
        if slash and not any(word.startswith(unit.lower()) for word in _UNITS if unit):
            raise ValueError(text)
        found = re.match(r"\s*([+-]?\d+)", digits)
        count = int(found[1]) if found else 0
        seconds = next((_UNITS[word] for word in _UNITS if unit and word.startswith(unit.lower())), 1)
        if count == 0 or not 0 < count <= fastest * seconds:
            raise ValueError(text)

    return check


_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def _hash_rate(text: str, _bounds: str, family: Family) -> None:
    bytes_each = re.fullmatch(r"(\d+)([km]?)b/s", text)
    if bytes_each is None:
        _rate(1_000_000)(text, "", family)


def _burst(text: str, _bounds: str, _family: Family) -> None:
    found = re.match(r"\s*\+?(0[xX][0-9a-fA-F]+|\d+)", text)
    if found is None or not 1 <= int(found[1], 16 if found[1][:2] in ("0x", "0X") else 10) <= 1_000_000:
        raise ValueError(text)


def _interval_of_rates(text: str, _bounds: str, _family: Family) -> None:
    found = re.match(r"\s*([+-]?\d+)", text)
    if found is None or not 1 <= int(found[1]) <= 0xFFFFFFFF:
        raise ValueError(text)


def _ipsec(text: str, _bounds: str, _family: Family) -> None:
    if protocol(text) not in (50, 51, 108):
        raise Refused("policy match: protocol must be ah/esp/ipcomp")


def _translated_prefix(text: str, _bounds: str, family: Family) -> None:
    """At most 64 bits and no more than these (net/ipv6/netfilter/ip6t_NPT.c)."""
    (ends,) = resolved_address(text, family, "").ranges
    if ends[0] != resolved_address(text.partition("/")[0], family, "").first() or ends[1] - ends[0] < (1 << 64) - 1:
        raise ValueError(text)


def _dscp(text: str, _bounds: str, _family: Family) -> None:
    if not re.fullmatch(r"CS[0-7]|BE|AF[1-4][1-3]|EF", text, re.I):
        raise ValueError(text)


_TOS_NAMES = frozenset({
    "minimize-delay", "maximize-throughput", "maximize-reliability", "minimize-cost", "normal-service",
})  # fmt: skip


def _tos(text: str, _bounds: str, _family: Family) -> None:
    if text.lower() not in _TOS_NAMES:
        for part in text.split("/", 1):
            number(part, 255)


_LEVELS = ("alert", "crit", "debug", "emerg", "err", "error", "info", "notice", "panic", "warning")


def _level(text: str, _bounds: str, _family: Family) -> None:
    if text not in _LEVELS:
        number(text, 7)


def _zone(text: str, _bounds: str, _family: Family) -> None:
    if text != "mark":
        number(text, 65535)


def _class(text: str, _bounds: str, _family: Family) -> None:
    # sscanf "%x:%x"
    if not re.match(r"\s*[+-]?(0[xX])?[0-9A-Fa-f]+:\s*[+-]?(0[xX])?[0-9A-Fa-f]+", text):
        raise ValueError(text)


def _options(text: str, _bounds: str, _family: Family) -> None:
    """``1:2,3``: types and lengths of header options, at most 16."""
    parts = text.split(",")
    if len(parts) > 16:
        raise ValueError(text)
    for part in parts:
        for value in part.split(":", 1):
            number(value.removeprefix("-"), (1 << 64) - 1)


def _owner(text: str, _bounds: str, _family: Family) -> None:
    if re.match(r"[A-Za-z_]", text):
        raise Unsettled(text)
    ends = [number(part, 0xFFFFFFFE) for part in text.split("-", 1)]
    if ends[0] > ends[-1]:
        raise ValueError(text)


_MOBILITY = ("brr", "hoti", "coti", "hot", "cot", "bu", "ba", "be")


def _mobility(text: str, _bounds: str, _family: Family) -> None:
    ends = []
    for place, part in enumerate(text.split(":", 1)):
        named = next((kind for kind, name in enumerate(_MOBILITY) if part and name.startswith(part.lower())), None)
        ends.append(named if named is not None else number(part, 255) if part else 255 * place)
    if ends[0] > ends[-1]:
        raise ValueError(text)


_HEADERS = frozenset({
    "prot", "hop", "dst", "route", "frag", "ah", "esp", "none", "proto", "hop-by-hop", "ipv6-opts", "ipv6-route",
    "ipv6-frag", "auth", "ipv6-nonxt", "protocol", "0", "43", "44", "50", "51", "59", "60", "255",
})  # fmt: skip


def _headers(text: str, _bounds: str, _family: Family) -> None:
    for part in text.split(","):
        if part.lower() not in _HEADERS:
            raise ValueError(text)


_DATE = r"\s*\+?(\d+)(?:-(\d*)(?:-(\d*)(?:T(\d*)(?::(\d*)(?::(\d*))?)?)?)?)?"
_DATE_BOUNDS = ((1970, 2038), (0, 12), (0, 31), (0, 23), (0, 59), (0, 59))


def _date(text: str, _bounds: str, _family: Family) -> None:
    found = re.fullmatch(_DATE, text)
    if found is None:
        raise ValueError(text)
    for part, (low, high) in zip(found.groups(), _DATE_BOUNDS, strict=True):
        if part and not low <= int(part) <= high:
            raise ValueError(text)


def _clock(text: str, _bounds: str, _family: Family) -> None:
    found = re.fullmatch(r"\+?(\d*):(\d*)(?::(\d*))?", text)
    if found is None or int(found[1] or 0) > 23 or int(found[2] or 0) > 59 or int(found[3] or 0) > 59:
        raise ValueError(text)


def _weekdays(text: str, _bounds: str, _family: Family) -> None:
    """Names by their first two letters, or any number but 0 (libxt_time.c time_parse_weekdays)."""
    for part in text.split(","):
        if not (re.fullmatch(r"0*[1-9]\d*", part) or part[:2] in _DAYS):
            raise ValueError(text)


_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def _month_days(text: str, _bounds: str, _family: Family) -> None:
    for part in text.split(","):
        if number(part, 31) < 1:
            raise ValueError(text)


def _label(text: str, _bounds: str, _family: Family) -> None:
    """A number, or a name of connlabel.conf."""
    if not text.isdigit():
        raise Unsettled(text)
    if number(text, 0xFFFFFFFF) & 0xFFFF > 127:  # it is cut off at 16 bits
        raise ValueError(text)


def _plain_addresses(text: str, _bounds: str, family: Family) -> None:
    """Those of ``--rt-0-addrs``: names are not asked for."""
    try:
        for part in text.split(","):
            resolved_address(part, family, "")
    except Unsettled:
        raise ValueError(text) from None


def _balance(text: str, _bounds: str, _family: Family) -> None:
    first, colon, last = text.partition(":")
    low, high = number(first or "0", 65535), number(last or "65535", 65535)
    if not colon or low >= high or high - low == 65535:
        raise ValueError(text)


def _interval(text: str, _bounds: str, _family: Family) -> None:
    if not re.fullmatch(r"\d+(\.\d*)?\s*(s|sec|secs|ms|msec|msecs|us|usec|usecs)?", text, re.I):
        raise ValueError(text)


def _segment(text: str, _bounds: str, family: Family) -> None:
    number(text, 65515 if family is Family.IPV4 else 65495)


_TCP_OPTIONS = ("wscale", "mss", "sack-permitted", "sack", "timestamp", "md5")


def _tcp_options(text: str, _bounds: str, _family: Family) -> None:
    for part in text.split(","):
        if part not in _TCP_OPTIONS and number(part, 255) < 2:
            raise ValueError(text)


SPECIAL_KINDS: dict[str, Check] = {
    "rate": _rate(10_000),
    "hashrate": _hash_rate,
    "burst": _burst,
    "rateinterval": _interval_of_rates,
    "ipsec": _ipsec,
    "prefix": _translated_prefix,
    "dscp": _dscp,
    "tos": _tos,
    "level": _level,
    "zone": _zone,
    "class": _class,
    "options": _options,
    "owner": _owner,
    "mobility": _mobility,
    "headers": _headers,
    "date": _date,
    "clock": _clock,
    "weekdays": _weekdays,
    "monthdays": _month_days,
    "label": _label,
    "addresses": _plain_addresses,
    "balance": _balance,
    "interval": _interval,
    "mss": _segment,
    "tcpoptions": _tcp_options,
}
