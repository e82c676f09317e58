"""What ufw itself takes user.rules for, against what the kernel gets of it and what the profiles say now.

Invariant: rules are compared by the packets that they match, never by their words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.host import AppPorts, ChainLine, UserRule
from zimlint.model import (
    Chain,
    Condition,
    CtState,
    Decide,
    FilterRule,
    Inert,
    Jump,
    Opaque,
    OutInterface,
    Ruleset,
    Target,
    Verdict,
)  # fmt: skip
from zimlint.packets import ALL_PORTS, Family, RangeSet, union
from zimlint.questions.case import Case
from zimlint.questions.findings import finding, port_labels
from zimlint.semantics.decide import decide
from zimlint.source import Source
from zimlint.zimbra.catalogue import TRANSPORTS


def user_rules(check: Check, case: Case) -> Iterator[Finding]:
    """Rules of ufw whose lines are others (``kind: mismatch``), or whose profile has other ports now (``stale``)."""
    if check.params.get("kind") == "stale":
        yield from _stale(check, case)
        return
    for problem in dict.fromkeys(case.problems()):
        if problem.check == check.id:
            yield finding(check, case, problem.span, problem.message)
    for rule in case.host.user_rules:
        if not rule.agrees:
            yield from _mismatch(check, case, rule)
    yield from _hidden(check, case)


def _mismatch(check: Check, case: Case, rule: UserRule) -> Iterator[Finding]:
    more = [line for line in rule.found if _beyond([line], rule.wanted, rule.family)]
    if not more and not any(_beyond([line], rule.found, rule.family) for line in rule.wanted):
        return
    shown = f"ufw status shows '{rule_words(rule)}'"
    related = []
    rest = [line for line in rule.found if line not in more]
    if not more:
        does = "no line below loads it" if not rule.found else "the lines below do not load all of it"
        span, message = rule.span, f"{shown}, and {does}"
    elif any(_beyond([line], rest, rule.family) for line in rule.wanted):
        span, message = more[0].rule.span, f"{shown}, but this line is loaded instead"
        related = [(rule.span, "what ufw knows of it, and what it writes here next")]
    else:
        span = more[0].rule.span
        others = f" and {len(more) - 1} more below" if len(more) > 1 else ""
        message = (
            f"no rule of ufw stands behind this line{others}: ufw status does not show it, and ufw drops it when it "
            "writes the file next"
        )
    yield finding(check, case, span, message, families=[rule.family], related=related)


def rule_words(rule: UserRule) -> str:
    """A rule as one would say it to ufw: ``allow 25/tcp from 192.0.2.0/24``."""
    protocol = "" if rule.protocol == "any" else f"/{rule.protocol}"
    what = (rule.dapp or rule.dport or "any") + ("" if rule.dapp else protocol)
    parts = ["route" if rule.route else "", rule.action, what]
    parts += [f"to {rule.dst}"] if rule.dst else []
    parts += [f"from {rule.src}"] if rule.src else []
    parts += [f"port {rule.sapp or rule.sport}"] if rule.sapp or rule.sport else []
    parts += [] if rule.where == "in" else [rule.where.replace("_", " on ").replace("!", " ")]
    return " ".join(filter(None, parts))


_Key = tuple[str, Target, frozenset[Condition]]
"""What makes two lines comparable: chain, target, and the matches that are no field of a packet that comes in."""


def _beyond(lines: Iterable[ChainLine], others: Iterable[ChainLine], family: Family) -> bool:
    """Whether some packet is one that these lines match and the others, of the same effect, do not."""
    by_effect: dict[_Key, list[FilterRule]] = {}
    for line in others:
        key, rule = _split(line)
        by_effect.setdefault(key, []).append(rule._replace(target=Decide(Verdict.DROP)))
    for line in lines:
        key, rule = _split(line)
        if _is_told(line) and not _covered(rule, by_effect.get(key, []), family):
            return True
    return False


def _is_told(line: ChainLine) -> bool:
    """Lines that only log make no difference."""
    target = line.rule.target
    logs = isinstance(target, Inert) or (isinstance(target, Jump) and "-user-logging-" in target.chain)
    return not logs and "-user-logging-" not in line.chain


def _split(line: ChainLine) -> tuple[_Key, FilterRule]:
    apart = frozenset(c for c in line.rule.conditions if isinstance(c, (Opaque, CtState, OutInterface)))
    rest = tuple(condition for condition in line.rule.conditions if condition not in apart)
    return (line.chain, line.rule.target, apart), line.rule._replace(conditions=rest)


def _covered(rule: FilterRule, refusing: list[FilterRule], family: Family) -> bool:
    """Whether every packet of the rule is one of the others': nothing is left behind them."""
    if any(rule.conditions == other.conditions for other in refusing):
        return True
    rules = (*refusing, rule._replace(target=Decide(Verdict.ACCEPT)))
    chain = Chain("INPUT", Verdict.DROP, rules)
    return not decide(Ruleset(family, "fragment", Source("", ""), {"filter": {"INPUT": chain}}))


def _hidden(check: Check, case: Case) -> Iterator[Finding]:
    """Application rules that ``ufw status`` folds into another one (ufw/common.py, ``get_app_tuple``)."""
    first: dict[tuple[str, ...], UserRule] = {}
    for rule in case.host.user_rules:
        if rule.dapp or rule.sapp:
            ports = rule.dapp or rule.dport, rule.sapp or rule.sport
            key = (rule.family.value, *ports, rule.dst, rule.src, rule.where)
            earlier = first.setdefault(key, rule)
            if (earlier.action, earlier.route) != (rule.action, rule.route):
                yield finding(
                    check, case, rule.span,
                    f"ufw status takes '{rule_words(rule)}' for '{rule_words(earlier)}' and does not show it",
                    families=[rule.family], related=[(earlier.span, "the rule that it shows instead")],
                )  # fmt: skip


def _stale(check: Check, case: Case) -> Iterator[Finding]:
    """Application rules whose ports are not those that their profile has now; one finding for each profile."""
    profiles = {profile.name: profile for profile in case.host.profiles}
    told: set[tuple[str, Family]] = set()
    grouped: dict[tuple[object, ...], list[UserRule]] = {}
    for rule in case.host.user_rules:
        if rule.dapp in profiles and not rule.sapp:
            key = (rule.family, rule.dapp, rule.action, rule.route, rule.dst, rule.sport, rule.src, rule.where)
            grouped.setdefault(key, []).append(rule)
    for rules in grouped.values():
        first = rules[0]
        profile = profiles[first.dapp]
        more = [port_labels(_of_rules(rules, t) - _of_profile(profile.ports, t), t) for t in TRANSPORTS]
        less = [port_labels(_of_profile(profile.ports, t) - _of_rules(rules, t), t) for t in TRANSPORTS]
        opened, missing = [[label for part in parts for label in part] for parts in (more, less)]
        if not (opened or missing) or (first.dapp, first.family) in told:
            continue
        told.add((first.dapp, first.family))
        says = [f"still {_verb(first)}s {', '.join(opened)}"] if opened else []
        says += [f"does not {_verb(first)} {', '.join(missing)}"] if missing else []
        yield finding(
            check, case, first.span,
            f"profile '{first.dapp}' was changed after its rule, which {' and '.join(says)}",
            families=[first.family], ports=[*opened, *missing],
            related=[(profile.ports_span, "what the profile says now")],
        )  # fmt: skip


def _verb(rule: UserRule) -> str:
    return "open" if rule.action in ("allow", "limit") else "shut"


def _of_rules(rules: Iterable[UserRule], transport: str) -> RangeSet:
    return union(_port_set(rule.dport) for rule in rules if rule.protocol in ("any", transport))


def _of_profile(parts: Iterable[AppPorts], transport: str) -> RangeSet:
    return union(part.ports for part in parts if part.protocol in (None, transport))


def _port_set(text: str) -> RangeSet:
    """The ports of a field, all of them where it names none."""
    if not text:
        return ALL_PORTS
    parts = [part.partition(":") for part in text.split(",")]
    return RangeSet((int(low), int(high or low)) for low, _, high in parts)
