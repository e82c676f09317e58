"""The lines that lead to a chain, directly or not, and a ruleset in which nothing else matters.

Invariant: in ``calls_alone`` no packet is stopped, so what does not reach a line there reaches it nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from zimlint.model import Chain, FilterRule, Goto, Inert, Jump, Nat, Notrack, Opaque, Ruleset, SetMark, Verdict
from zimlint.semantics.hooks import conntrack_in_use

_PERHAPS = Opaque("", "")
"""A match that may hold or not."""

_TRACKING = Inert("CONNSECMARK")
"""A target that needs connection tracking, and decides nothing."""


def leading_to(chain: str, chains: Mapping[str, Chain]) -> Collection[str]:
    """A chain and all that lead there, directly or not."""
    found = {chain}
    size = 0
    while size < len(found):
        size = len(found)
        found.update(name for name, held in chains.items() if any(_leads(rule, found) for rule in held.rules))
    return found


def _leads(rule: FilterRule, chains: Collection[str]) -> bool:
    return isinstance(rule.target, (Jump, Goto)) and rule.target.chain in chains


def lines_behind(chain: str, line: FilterRule, chains: Mapping[str, Chain]) -> Collection[int]:
    """The lines of a table, by identity, that a packet may meet once it passed a line; the way leads back up, too."""
    found: set[int] = set()
    seen: set[str] = set()
    waiting: list[tuple[FilterRule, ...]] = []
    above = leading_to(chain, chains)
    for name in above:
        rules = chains[name].rules
        called = [rule is line if name == chain else _leads(rule, above) for rule in rules]
        if True in called:
            waiting.append(rules[called.index(True) + 1 :])
    while waiting:
        for rule in waiting.pop():
            found.add(id(rule))
            target = rule.target
            if isinstance(target, (Jump, Goto)) and target.chain in chains and target.chain not in seen:
                seen.add(target.chain)
                waiting.append(chains[target.chain].rules)
    return found


def kept_lines(ruleset: Ruleset, keeps: Callable[[FilterRule], bool]) -> Ruleset:
    """A ruleset with some of its lines only; the nat table is asked if it was, whoever it was that asked for it."""
    tables = {
        table: {name: held._replace(rules=tuple(filter(keeps, held.rules))) for name, held in chains.items()}
        for table, chains in ruleset.tables.items()
    }
    kept = ruleset._replace(tables=tables)
    if "nat" in tables and conntrack_in_use(ruleset) and not conntrack_in_use(kept):
        for name, held in tables["nat"].items():
            if held.span is not None:
                tables["nat"][name] = held._replace(rules=(*held.rules, FilterRule((), _TRACKING, held.span)))
    return kept


def calls_alone(ruleset: Ruleset, line: FilterRule) -> Ruleset:
    """A line and all calls, each of which comes back; what changes a packet may do so or not, and nothing stops it."""

    def kept(rules: tuple[FilterRule, ...]) -> Iterator[FilterRule]:
        for rule in rules:
            match rule.target:
                case _ if rule is line:
                    yield rule
                case Jump(called) | Goto(called):
                    yield rule._replace(target=Jump(called))
                case Nat() | SetMark() | Notrack():
                    yield rule._replace(conditions=(*rule.conditions, _PERHAPS))
                case _:
                    pass

    tables = {
        table: {
            name: Chain(name, None if held.default is None else Verdict.ACCEPT, tuple(kept(held.rules)), held.span)
            for name, held in chains.items()
        }
        for table, chains in ruleset.tables.items()
    }
    return ruleset._replace(tables=tables)
