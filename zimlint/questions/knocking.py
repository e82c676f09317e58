"""Port knocking: a line that lets in only addresses which have sent something to secret ports before.

``-m recent --rcheck`` asks for a list; where only refused packets to other ports put an address on it, a stranger's
packet never gets in, and who knows the ports knows a password.

Invariant: a list on which a packet to the same port puts its address, or one that is accepted, keeps no secret.
Invariant: nor does a list that no line is seen to fill.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from zimlint.model import Chain, Decide, DstPorts, FilterRule, Goto, Inert, Jump, Opaque, Ruleset, Step, Verdict
from zimlint.packets import Packet
from zimlint.questions.witness import rule_at
from zimlint.semantics.replay import replay
from zimlint.source import Span

_FEW = 16
"""So many ports are named one by one; a line about more of them is about any packet."""


def by_knocking(ruleset: Ruleset, packet: Packet) -> bool:
    """Whether a packet gets in only after its sender has knocked."""
    way = (replay(ruleset, packet).paths or {}).get("accept")
    lone = replay(ruleset, packet, lone=True)
    if way is None or lone.verdict not in ("drop", "reject"):
        return False
    passed = _matched(ruleset, way)
    deciding = [rule for rule in passed if not isinstance(rule.target, Inert)]
    asked = [_asked(rule) for rule in deciding if any(isinstance(each, Opaque) for each in rule.conditions)]
    lists = {name for name in asked if name is not None}
    if not lists or None in asked:
        return False
    passed += _matched(ruleset, lone.path)
    filling = [(chains, chain, rule) for chains, chain, rule in _rules(ruleset) if _filled(rule) & lists]
    named = {name for _, _, rule in filling for name in _filled(rule)}
    return lists <= named and all(
        not any(rule is each for each in passed) and _is_secret(chains, chain, rule, packet)
        for chains, chain, rule in filling
    )


def _matched(ruleset: Ruleset, way: Iterable[Step]) -> list[FilterRule]:
    """The lines that matched a packet on its way."""
    met = (rule_at(ruleset, step) for step in way if step.effect != "no match")
    return [rule for rule in met if rule is not None]


def _asked(rule: FilterRule) -> str | None:
    """The list that a line asks for; None where it asks for anything else that nobody can settle."""
    texts = [condition.text for condition in rule.conditions if isinstance(condition, Opaque)]
    if len(texts) != 1 or not re.search(r"(?<!! )--(?:rcheck|update)\b", texts[0]):
        return None
    return _name(texts[0])


def _filled(rule: FilterRule) -> set[str]:
    """All lists that a line may put addresses on, by its text: ``--set`` always holds, so it is no condition."""
    text = re.sub(r"(--\w+)=", r"\1 ", _words(rule.span))
    if "recent" not in text or not re.search(r"--set(?![\w-])", text):
        return set()
    return {"DEFAULT", *re.findall(r"--na?m?e? (\S+)", text)}


def _words(span: Span) -> str:
    """The words of a line with one blank between them, without quotes; a command goes on behind a backslash."""
    number = span.line
    text = span.source.line(number)
    while text.endswith("\\"):
        number += 1
        text = f"{text[:-1]} {span.source.line(number)}"
    return " ".join(re.sub("[\"']", "", text).split())


def _name(text: str) -> str:
    found = re.search(r"--name (\S+)", text)
    return found[1] if found else "DEFAULT"


def _is_secret(
    chains: Mapping[str, Chain], chain: Chain, rule: FilterRule, packet: Packet, above: tuple[str, ...] = ()
) -> bool:
    """Whether a line is about a few other ports and lets nothing in there, by itself or by all that lead to it."""
    if isinstance(rule.target, Decide) and rule.target.verdict is Verdict.ACCEPT:
        return False
    if any(
        isinstance(each, DstPorts) and each.ports.size() <= _FEW and packet.destination_port not in each.ports
        for each in rule.conditions
    ):
        return True
    if chain.default is not None or chain.name in above:
        return False
    calls = [(held, call) for held in chains.values() for call in held.rules if _leads(call, chain.name)]
    return bool(calls) and all(_is_secret(chains, held, call, packet, (*above, chain.name)) for held, call in calls)


def _leads(rule: FilterRule, name: str) -> bool:
    return isinstance(rule.target, (Jump, Goto)) and rule.target.chain == name


def _rules(ruleset: Ruleset) -> Iterator[tuple[Mapping[str, Chain], Chain, FilterRule]]:
    """All lines, each with its chain and the chains of its table."""
    for chains in ruleset.tables.values():
        for chain in chains.values():
            for rule in chain.rules:
                yield chains, chain, rule
