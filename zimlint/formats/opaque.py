"""Matches that depend on what a rule file does not say, kept as text with their value for a lone first packet.

Invariant: a ``lone`` value is only given where it follows from what the match looks at (man iptables-extensions).
"""

from __future__ import annotations

from typing import NamedTuple

from zimlint.formats.matches import NEVER
from zimlint.formats.modules import RATES, RECENT_TESTS
from zimlint.formats.words import quote_word
from zimlint.model import Condition, Opaque


class Option(NamedTuple):
    """One option of a line, with its values."""

    keyword: str
    negated: bool
    values: tuple[str, ...]


def opaque(module: str, options: tuple[Option, ...]) -> Condition | None:
    """The options of one ``-m module``; None where every packet meets them."""
    if module in INERT_MATCHES or (options and all(option.keyword in INERT_OPTIONS for option in options)):
        return None
    lone = _lone(module, options)
    if lone is not None and _is_settled(module, options):
        return None if lone else NEVER
    return Opaque(module, _text(options), lone)


INERT_MATCHES = {
    "comment": "a remark",
    "nfacct": "counts",
    "standard": "the name of the plain verdicts",
}
"""Matches that cannot change a verdict, and why."""

INERT_OPTIONS = {
    "--update-counters": "counts in the set",
    "--update-subcounters": "counts in the set",
}
"""Options that cannot change a verdict, and why."""


def _is_settled(module: str, options: tuple[Option, ...]) -> bool:
    # these hold (or fail) for every packet, not only for a lone one
    keywords = {option.keyword for option in options}
    if module == "recent":
        return "--set" in keywords  # net/netfilter/xt_recent.c: --set always succeeds
    if module == "statistic":
        return _probability(options) == 1 or _every(options) == 1
    return False


def _lone(module: str, options: tuple[Option, ...]) -> bool | None:
    """The value for a lone first packet on a host at rest; None where nobody can say."""
    first = options[0] if options else Option("", False, ())
    keywords = {option.keyword for option in options}
    match module:
        case "limit" | "quota":
            return not first.negated
        case "hashlimit":
            rate = next((option for option in options if option.keyword in RATES), first)
            return (rate.keyword != "--hashlimit-above") != rate.negated
        case "connlimit":
            return _connections(options)
        case "recent":
            test = next((option for option in options if option.keyword in RECENT_TESTS), first)
            return (test.keyword == "--set") != test.negated
        case "helper" | "connlabel":
            return first.negated  # no expectation and no label yet
        case "conntrack" if first.keyword == "--ctstatus" and "NONE" not in first.values[0].upper():
            return first.negated  # nothing of its flow was seen or answered yet
        case "physdev":
            return all(option.negated for option in options)  # did not come over a bridge
        case "policy":
            return "--pol" in keywords and any(option.values == ("none",) for option in options)
        case "rpfilter":
            return "--invert" not in keywords
        case "statistic" if _probability(options) == 1 or _every(options) == 1:
            return not any(option.negated for option in options)
        case "hl" if first.keyword == "--hl-eq" and first.values == ("255",):
            return not first.negated  # neighbour discovery is sent with 255 (RFC 4861 section 4)
        case "dst" | "frag" | "hbh" | "rt" | "srh":
            return False  # a plain packet has no such header, and without it a negated test fails too
        case _:
            return None


def _connections(options: tuple[Option, ...]) -> bool | None:
    # a lone packet is connection number one
    for option in options:
        if option.keyword in ("--connlimit-above", "--connlimit-upto") and option.values[0].isdigit():
            above = int(option.values[0]) < 1
            return (above if option.keyword == "--connlimit-above" else not above) != option.negated
    return None


def _probability(options: tuple[Option, ...]) -> float | None:
    return _figure(options, "--probability")


def _every(options: tuple[Option, ...]) -> float | None:
    return _figure(options, "--every")


def _figure(options: tuple[Option, ...], keyword: str) -> float | None:
    for option in options:
        if option.keyword == keyword:
            try:
                return float(option.values[0])
            except ValueError:
                return None
    return None


def _text(options: tuple[Option, ...]) -> str:
    words = []
    for option in options:
        words += (["!"] if option.negated else []) + [option.keyword, *map(quote_word, option.values)]
    return " ".join(words)
