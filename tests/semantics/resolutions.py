"""Every way in which the unknown matches and targets of a ruleset may turn out, each as a ruleset without unknowns.

Chains are first written out at each place that calls them, so that a line is asked once on a packet's way, and each of
its answers may be another one.

Invariant: lines keep their spans, so a step of a packet's way through a resolution names the original line.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from zimlint.model import (
    Chain,
    Condition,
    Decide,
    FilterRule,
    Goto,
    Inert,
    Jump,
    Opaque,
    OpaqueTarget,
    Protocols,
    Queue,
    Ruleset,
    SetMatch,
    Target,
    Verdict,
)
from zimlint.packets import EMPTY
from zimlint.semantics.sets import members

_NEVER = Protocols(EMPTY)
_ACCEPT, _DROP = Decide(Verdict.ACCEPT), Decide(Verdict.DROP)


class Resolution(NamedTuple):
    """A ruleset without unknowns, and whether every unknown is what it is for a lone first packet."""

    ruleset: Ruleset
    lone: bool


def resolutions(ruleset: Ruleset, most: int = 4) -> list[Resolution] | None:
    """All of them; None where more than so many places are unknown."""
    written_out = _written_out(ruleset)
    places = [
        (table, name, number, part)
        for table, chains in written_out.tables.items()
        for name, chain in chains.items()
        for number, rule in enumerate(chain.rules)
        for part in _unknown_parts(rule, written_out)
    ]
    if len(places) > most:
        return None
    found: list[Resolution] = []
    for answers in product(*(_answers(written_out, *place) for place in places)):
        tables = {table: dict(chains) for table, chains in written_out.tables.items()}
        lone = True
        for (table, name, number, part), (answer, is_lone) in zip(places, answers, strict=True):
            chain = tables[table][name]
            rules = list(chain.rules)
            rules[number] = _answered(rules[number], part, answer)
            tables[table][name] = chain._replace(rules=tuple(rules))
            lone = lone and is_lone
        found.append(Resolution(written_out._replace(tables=tables), lone))
    return found


def _unknown_parts(rule: FilterRule, ruleset: Ruleset) -> Iterator[int]:
    """Places among the conditions; -1 is the target."""
    for place, condition in enumerate(rule.conditions):
        if _is_unknown(condition, ruleset):
            yield place
    if isinstance(rule.target, (OpaqueTarget, Queue)):
        yield -1


def _is_unknown(condition: Condition, ruleset: Ruleset) -> bool:
    if isinstance(condition, SetMatch):
        return members(condition, ruleset.sets, ruleset.family) is None
    return isinstance(condition, Opaque)


def _answers(ruleset: Ruleset, table: str, name: str, number: int, part: int) -> list[tuple[bool | Target, bool]]:
    rule = ruleset.tables[table][name].rules[number]
    if part == -1:
        ends: list[Target] = [_ACCEPT, _DROP]
        return [(end, True) for end in (ends if isinstance(rule.target, Queue) else [*ends, Inert("")])]
    condition = rule.conditions[part]
    lone = condition.lone if isinstance(condition, Opaque) else None
    return [(answer, lone is None or answer == lone) for answer in (True, False)]


def _answered(rule: FilterRule, part: int, answer: bool | Target) -> FilterRule:
    if not isinstance(answer, bool):
        return rule._replace(target=answer)
    conditions = list(rule.conditions)
    conditions[part] = Protocols(_EVERYTHING) if answer else _NEVER
    return rule._replace(conditions=tuple(conditions))


_EVERYTHING = EMPTY.complement(255)


def _written_out(ruleset: Ruleset) -> Ruleset:
    """Each call of a chain calls a copy of its own; chains only call later ones, so that ends."""
    tables: dict[str, dict[str, Chain]] = {}
    for table, chains in ruleset.tables.items():
        out: dict[str, Chain] = {}
        waiting = [(name, chain) for name, chain in chains.items() if chain.default is not None]
        while waiting:
            name, chain = waiting.pop()
            rules: list[FilterRule] = []
            for number, rule in enumerate(chain.rules):
                if isinstance(rule.target, (Jump, Goto)) and rule.target.chain in chains:
                    copy = f"{name}/{number}"
                    waiting.append((copy, chains[rule.target.chain]))
                    rule = rule._replace(target=rule.target._replace(chain=copy))
                rules.append(rule)
            out[name] = chain._replace(name=name, rules=tuple(rules))
        tables[table] = out
    return ruleset._replace(tables=tables)
