"""The chains that rows of ``ufw status`` stand for.

Invariant: a default that nobody named is the usual one of ufw, and marked as not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zimlint.formats.status_rows import Row
from zimlint.formats.status_rules import CHAINS, rules_of
from zimlint.host import AppProfile
from zimlint.model import Chain, CtState, Decide, FilterRule, InInterface, OutInterface, Protocols, Verdict
from zimlint.packets import ICMPV6, Family, RangeSet
from zimlint.source import Span


def active_chains(
    rows: Iterable[Row],
    family: Family,
    profiles: Mapping[str, AppProfile],
    span: Span,
    defaults: Mapping[str, tuple[Verdict | None, Span]],
) -> dict[str, Chain]:
    """The built-in chains of a running ufw; ``defaults`` names those that are known, and where they stand."""
    rules: dict[str, list[FilterRule]] = {name: [] for name in CHAINS.values()}
    rules["INPUT"] += _before_rules(InInterface("lo"), family, span)
    rules["OUTPUT"] += _before_rules(OutInterface("lo"), family, span)
    for row in rows:
        if row.family is family:
            rules[CHAINS[row.direction]] += rules_of(row, profiles)
    chains = {}
    for name, usual in (("INPUT", Verdict.DROP), ("OUTPUT", Verdict.ACCEPT), ("FORWARD", Verdict.DROP)):
        shown, place = defaults.get(name, (None, span))
        chains[name] = Chain(name, shown or usual, tuple(rules[name]), place, default_known=shown is not None)
    return chains


def inactive_chains(span: Span) -> dict[str, Chain]:
    """A ufw that is not running holds nothing back."""
    return {name: Chain(name, Verdict.ACCEPT, (), span) for name in CHAINS.values()}


def _before_rules(loopback: InInterface | OutInterface, family: Family, span: Span) -> Iterable[FilterRule]:
    """What every ufw has ahead of its rows and never shows: loopback, replies, and what IPv6 cannot live without."""
    accept = Decide(Verdict.ACCEPT)
    yield FilterRule((loopback,), accept, span)
    yield FilterRule((CtState(frozenset({"RELATED", "ESTABLISHED"})),), accept, span)
    if family is Family.IPV6:
        yield FilterRule((Protocols(RangeSet([(ICMPV6, ICMPV6)])),), accept, span)
