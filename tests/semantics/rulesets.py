"""Hypothesis strategies: small rulesets over all that is modelled, and single packets at and beside their constants."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.semantics.lines import HIDDEN, SOURCE, WORLDS, conditions, sets_of, targets
from zimlint.model import (
    Chain,
    Condition,
    FilterRule,
    Nat,
    Opaque,
    OpaqueTarget,
    OutInterface,
    Queue,
    Ruleset,
    SetMatch,
    SrcAddress,
    Verdict,
)  # fmt: skip
from zimlint.packets import Family, network
from zimlint.source import Span

BASES = {
    "raw": ["PREROUTING", "OUTPUT"],
    "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
    "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    "filter": ["INPUT", "FORWARD", "OUTPUT"],
    "security": ["INPUT", "FORWARD", "OUTPUT"],
}
MAIN = frozenset({"PREROUTING", "INPUT"})
"""The chains that an outsider's packet meets; the others get fewer lines."""

defaults = {
    True: st.sampled_from([Verdict.ACCEPT, Verdict.DROP]),
    False: st.sampled_from([Verdict.ACCEPT] * 7 + [Verdict.DROP]),
}
"""Of a chain, by whether it filters: a packet has to get past many others."""


@st.composite
def rulesets(draw: st.DrawFn, family: Family = Family.IPV4) -> Ruleset:
    """A ruleset of one to three tables; chains only call later ones, as iptables demands."""
    line = 1
    tables: dict[str, dict[str, Chain]] = {}
    others = st.lists(st.sampled_from(["raw", "mangle", "nat", "security"]), unique=True, max_size=2)
    for table in draw(st.permutations(["filter", *draw(others)])):
        users = [f"C{number}" for number in range(draw(st.integers(0, 3)))]
        names = [*BASES[table], *users]
        chains: dict[str, Chain] = {}
        for place, name in enumerate(names):
            callable_chains = tuple(user for user in users if user not in names[: place + 1])
            rules = []
            for _ in range(draw(st.integers(0, 5 if name in MAIN or name in users else 2))):
                line += 1
                rules.append(
                    FilterRule(
                        tuple(draw(st.lists(conditions(family), max_size=3))),
                        draw(targets(family, table, name, callable_chains)),
                        Span(SOURCE, line),
                    )
                )
            if (table, name) == ("nat", "POSTROUTING") and draw(st.booleans()):
                line += 1
                rules.append(_behind_docker(family, line))
            default = None if name in users else draw(defaults[table == "filter"])
            chains[name] = Chain(name, default, tuple(rules), Span(SOURCE, 1))
        tables[table] = chains
    sets = {name: held for name, held in sets_of(family).items() if name != HIDDEN}
    return Ruleset(family, "dump", SOURCE, tables, sets=sets)


def _behind_docker(family: Family, line: int) -> FilterRule:
    """The line by which Docker tells what lies behind its interface."""
    conditions = (SrcAddress(network(WORLDS[family].near)[1]), OutInterface("docker0", True))
    return FilterRule(conditions, Nat("MASQUERADE", None, None), Span(SOURCE, line))


def settled(ruleset: Ruleset) -> Ruleset:
    """The same without any line whose match or target nobody can settle by the text."""

    def is_known(rule: FilterRule) -> bool:
        return not isinstance(rule.target, (OpaqueTarget, Queue)) and all(map(_is_known, rule.conditions))

    return with_rules(ruleset, lambda rules: tuple(rule for rule in rules if is_known(rule)))


def with_rules(ruleset: Ruleset, change: Callable[[tuple[FilterRule, ...]], tuple[FilterRule, ...]]) -> Ruleset:
    """The same with other lines in its chains."""
    tables = {
        table: {name: chain._replace(rules=change(chain.rules)) for name, chain in chains.items()}
        for table, chains in ruleset.tables.items()
    }
    return ruleset._replace(tables=tables)


def _is_known(condition: Condition) -> bool:
    match condition:
        case Opaque() | SetMatch(name="excepting" | "hidden"):
            return False
        case _:
            return True
