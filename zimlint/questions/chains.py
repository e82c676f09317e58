"""Chains and lines that cannot do what they are there for, whatever packets come: chains that nothing calls, chains
that call themselves, lines without a target.

Invariant: what another program keeps in its own chains is never told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zimlint.checks import Check
from zimlint.finding import Finding, Severity
from zimlint.model import Chain, FilterRule, Goto, Inert, Jump
from zimlint.questions.case import Case, View, chain_span
from zimlint.questions.findings import finding
from zimlint.zimbra.tools import comes_and_goes, keeper, load_tools

_REMEMBERING = ("recent", "quota", "nfacct", "hashlimit", "limit", "connlimit", "rateest", "statistic")
"""Matches that remember what they saw, so that a line without a target has an effect (man iptables-extensions)."""


MOST = 100
"""Lines without a target of one chain that are looked at."""


def chains(check: Check, case: Case) -> Iterator[Finding]:
    """``kind`` unused: nothing leads to a chain; loop: it calls itself; targetless: a line without ``-j``."""
    kind = str(check.params.get("kind"))
    for view in case.views:
        for table, held in view.ruleset.tables.items():
            match kind:
                case "unused":
                    yield from _unused(check, case, view, table, held)
                case "loop":
                    yield from _loops(check, case, view, table, held)
                case _:
                    yield from _targetless(check, case, view, held)


def callers(held: Mapping[str, Chain]) -> dict[str, list[tuple[str, FilterRule]]]:
    """For each chain that is called: from which chain and by which line, in file order."""
    found: dict[str, list[tuple[str, FilterRule]]] = {}
    for chain in held.values():
        for rule in chain.rules:
            if isinstance(rule.target, (Jump, Goto)) and rule.target.chain in held:
                found.setdefault(rule.target.chain, []).append((chain.name, rule))
    return found


def _unused(check: Check, case: Case, view: View, table: str, held: Mapping[str, Chain]) -> Iterator[Finding]:
    """A chain with lines that no line names; what only such a chain calls is not told as well.

    Where the lines are the administrator's and the call is a program's (DOCKER-USER), it comes as the program starts.
    """
    ruleset = view.ruleset
    if ruleset.view == "fragment" or any(problem.fatal for problem in ruleset.problems):
        return  # the line that leads there may be in another file, or among those that were refused
    called, tools = callers(held), load_tools()
    alone = [
        chain
        for chain in held.values()
        if chain.default is None and chain.rules and chain.name not in called
        and not keeper(tools, chain.name, held) and not comes_and_goes(tools, chain.name)
    ]  # fmt: skip
    if alone:
        first, *others = alone
        count = f"{len(first.rules)} lines" if len(first.rules) > 1 else "a line"
        more = f"; nor to {', '.join(chain.name for chain in others[:4])}" if others else ""
        more += f" and {len(others) - 4} others" if len(others) > 4 else ""
        yield finding(
            check, case, chain_span(ruleset, table, first.name),
            f"chain {first.name} holds {count}, and nothing leads to it{more}", families=[ruleset.family],
            related=[(chain_span(ruleset, table, chain.name), "nothing leads there") for chain in others[:4]],
        )  # fmt: skip


def _loops(check: Check, case: Case, view: View, table: str, held: Mapping[str, Chain]) -> Iterator[Finding]:
    """Each circle of chains once, at the line that closes it."""
    done: set[str] = set()
    for start in sorted(held.values(), key=lambda chain: chain.default is None):
        if start.name in done:
            continue
        way = [start.name]
        waiting = [iter(start.rules)]
        while waiting:
            rule = next((rule for rule in waiting[-1] if _leads(rule, held) not in (None, *done)), None)
            if rule is None:
                waiting.pop()
                done.add(way.pop())
            elif (name := _leads(rule, held)) in way:
                circle = way[way.index(str(name)) :]
                yield _loop(check, case, view, table, rule, circle, start)
            else:
                way.append(str(name))
                waiting.append(iter(held[str(name)].rules))


def _loop(
    check: Check, case: Case, view: View, table: str, rule: FilterRule, circle: list[str], start: Chain
) -> Finding:
    """The kernel looks from the built-in chains only (net/netfilter/x_tables.c, nf_tables_api.c)."""
    around = f" by way of {', '.join(circle[1:])}" if len(circle) > 1 else ""
    words = f"chain {circle[0]} calls itself{around}"
    if start.default is None:
        words += "; nothing leads there, so it loads, and no line that leads there would"
        severity = Severity.WARNING
    else:
        words += f" and {start.name} leads there: iptables-restore refuses the {table} table, nothing of it is loaded"
        severity = Severity.ERROR
    return finding(check, case, rule.span, words, severity=severity, families=[view.family])


def _leads(rule: FilterRule, held: Mapping[str, Chain]) -> str | None:
    target = rule.target
    return target.chain if isinstance(target, (Jump, Goto)) and target.chain in held else None


def _targetless(check: Check, case: Case, view: View, held: Mapping[str, Chain]) -> Iterator[Finding]:
    """Lines that only count, one finding for a chain; each where an open quote took the target."""
    tools = load_tools()
    for chain in held.values():
        if keeper(tools, chain.name, held):
            continue
        counting = [rule for rule in chain.rules if isinstance(rule.target, Inert) and not rule.target.name]
        bare = [rule for rule in counting[:MOST] if not _remembers(rule)]
        lost = [rule for rule in bare if _swallowed(rule)]
        for rule in lost:
            yield finding(
                check, case, rule.span,
                f"the line has no target: an open quote makes {_swallowed(rule)} a part of the comment",
                families=[view.family],
            )  # fmt: skip
        rest = [rule for rule in bare if rule not in lost]
        if rest and len(counting) < len(chain.rules):  # a chain of nothing else is there for counting
            at_least = "at least " if len(counting) > MOST else ""
            more = f", and so {at_least}{len(rest) - 1} more of chain {chain.name}" if len(rest) > 1 else ""
            yield finding(
                check, case, rest[0].span, f"the line has no target: it counts packets and decides nothing{more}",
                families=[view.family], related=[(rule.span, "no target either") for rule in rest[1:]],
            )  # fmt: skip


def _remembers(rule: FilterRule) -> bool:
    """By the text, as a match that always holds (``recent --set``) leaves no condition."""
    return any(word.strip('"') in _REMEMBERING for word in rule.span.source.line(rule.span.line).split())


def _swallowed(rule: FilterRule) -> str:
    """``-j ACCEPT`` where it ended up inside the comment, as the quote before it is never closed."""
    line = rule.span.source.line(rule.span.line)
    comment = rule.comment or ""
    place = max(comment.rfind(" -j "), comment.rfind(" -g "), comment.rfind(" --jump "))
    if place < 0 or line.replace('\\"', "").count('"') % 2 == 0:
        return ""
    return comment[place + 1 :].strip()
