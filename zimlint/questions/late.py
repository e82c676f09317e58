"""Bans that come too late: whatever gets in from there is accepted before them, and all else is refused anyway.

Invariant: without such a line no packet would get another verdict.
Invariant: only a ban is told: a line that refuses a source which no line lets in by name. What cleans up behind lines
that accept, or keeps noise out of a log, is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby

from zimlint.model import (
    Chain,
    CtState,
    DstAddress,
    DstPorts,
    FilterRule,
    Goto,
    Inert,
    InInterface,
    Jump,
    Opaque,
    Protocols,
    Ruleset,
    SrcAddress,
    Verdict,
)  # fmt: skip
from zimlint.packets import TCP, UDP, RangeSet, union
from zimlint.questions.banlists import in_one_list, names_new, names_source, sources_of
from zimlint.questions.findings import port_labels
from zimlint.questions.followed import MAX_TRIES, follow, packet_of_part
from zimlint.questions.lines import Line
from zimlint.questions.unreached import Fault, read
from zimlint.questions.witness import SOURCE_PORT
from zimlint.semantics.anyway import Accepted, accepted_before, are_met, may_pass, passed_over
from zimlint.semantics.blocking import Dead
from zimlint.semantics.cells import Axis
from zimlint.semantics.coverage import Coverage
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.implied import wider

MOST = 12
"""Lists of bans of one ruleset that are looked at."""
_LOGS = ("LOG", "NFLOG", "ULOG")
_PLAIN = (SrcAddress, DstAddress, Protocols, DstPorts, InInterface, CtState)
"""The matches of a ban."""


def late_bans(ruleset: Ruleset, public: RangeSet, told: Collection[int]) -> Iterator[Fault]:
    """Each list of bans once; ``told`` are lines, by identity, of which something is said already."""
    all_lines, coverage = read(ruleset)
    lines = [line for line in all_lines if line.own and line.table == "filter"]
    lists = list(_lists(lines, public & UNICAST[ruleset.family], UNICAST[ruleset.family]))
    asked = [[line for line in found if id(line.rule) not in told] for found in lists]
    asked = [found for found in asked if found and not _is_named(found, lines)][:MOST]
    if not asked:
        return
    without: dict[str, tuple[Coverage, dict[int, FilterRule]]] = {}
    for found in asked:
        rules, sources = [line.rule for line in found], union(sources_of(line.rule) for line in found)
        parts = list(_opened(coverage, rules[0], sources, lines))
        if not parts or (_makes_a_difference(ruleset, found) and are_met(coverage, rules, sources)):
            continue
        chain = found[0].chain
        if chain not in without:
            rest, gone = passed_over(_worst(ruleset), chain, [line.rule for one in lists for line in one])
            without[chain] = Coverage(rest), gone
        held, there = without[chain]
        if not may_pass(held, [there[id(rule)] for rule in rules], sources):
            yield _fault(found, parts)


def _worst(ruleset: Ruleset) -> Ruleset:
    """The ruleset with ACCEPT for a default that is not shown."""
    filtering = {
        name: chain if chain.default_known else chain._replace(default=Verdict.ACCEPT)
        for name, chain in ruleset.tables["filter"].items()
    }
    return ruleset._replace(tables={**ruleset.tables, "filter": filtering})


def _fault(found: Sequence[Line], parts: Sequence[Accepted]) -> Fault:
    first, *others = found
    blocking = {id(rule): rule for part in parts for rule in part.lines}
    held = tuple(sorted(blocking.values(), key=lambda rule: rule.span.line))
    dead = Dead(first.rule, held, tuple((part.way, part.cell) for part in parts), True)
    return Fault("deny", first, held, tuple(others), dead, held, before=_labels(parts))


def _labels(parts: Sequence[Accepted]) -> tuple[str, ...]:
    """The ports that are accepted: ``25/tcp``."""
    return tuple(
        label
        for name, number in (("tcp", TCP), ("udp", UDP))
        for label in port_labels(union(p.cell[Axis.DPORT] for p in parts if number in p.cell[Axis.PROTOCOL]), name)
    )


def _is_ban(line: Line, public: RangeSet, unicast: RangeSet) -> bool:
    """A line that refuses one network that is public, or one host."""
    rule = line.rule
    sources = [condition.addresses for condition in rule.conditions if isinstance(condition, SrcAddress)]
    if not line.refuses or line.accepts or len(sources) != 1 or not names_new(rule):
        return False
    alone = sources[0].size() == 1
    plain = all(isinstance(condition, _PLAIN) for condition in rule.conditions)
    return plain and len(sources[0].ranges) == 1 and sources[0] <= (unicast if alone else public)


def _lists(lines: Sequence[Line], public: RangeSet, unicast: RangeSet) -> Iterator[list[Line]]:
    """Bans that follow each other and differ in the source only, behind a line of their chain that lets others in."""
    for _, group in groupby(lines, key=lambda line: line[:2]):
        opened = False
        found: list[Line] = []
        for line in group:
            ban = opened and _is_ban(line, public, unicast)
            if found and not (ban and in_one_list(found[0], line)):
                yield found
                found = []
            if ban:
                found.append(line)
            opened = opened or (line.accepts and _opens(line.rule))
        if found:
            yield found


def _opens(rule: FilterRule) -> bool:
    """A line that may accept new connections from outside."""
    for condition in rule.conditions:
        match condition:
            case Protocols(numbers) if TCP not in numbers and UDP not in numbers:
                return False
            case InInterface("lo", False):
                return False
            case _:
                pass
    return names_new(rule)


def _is_named(found: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether a line accepts a source that is banned, or a part of it, in so many words."""
    sources = union(sources_of(line.rule) for line in found)
    return any(
        line.accepts
        and names_source(line.rule)
        and bool(sources_of(line.rule) & sources)
        and not _is_wider(sources_of(line.rule), sources)
        for line in lines
    )


def _is_wider(addresses: RangeSet, sources: RangeSet) -> bool:
    return sources <= addresses and sources != addresses


def _opened(coverage: Coverage, ban: FilterRule, sources: RangeSet, lines: Sequence[Line]) -> Iterator[Accepted]:
    """What the administrator's lines accept, of tcp and udp, from wherever the bans are about: a packet shows it."""
    ruleset, tried = coverage.ruleset, 0
    own = {id(line.rule) for line in lines}
    for part in accepted_before(coverage, ban):
        transport = TCP in part.cell[Axis.PROTOCOL] or UDP in part.cell[Axis.PROTOCOL]
        ours = all(
            id(rule) in own and _opens(rule) and (not names_source(rule) or _is_wider(sources_of(rule), sources))
            for rule in part.lines
        )
        packet = packet_of_part(ruleset.family, part.way, part.cell, coverage.names)
        if packet is None or not (transport and ours and SOURCE_PORT in part.cell[Axis.SPORT]) or tried > MAX_TRIES:
            continue
        tried += 1
        if follow(ruleset, part.way, packet, lone=True).verdict == "accept":
            yield part


def _makes_a_difference(ruleset: Ruleset, found: Sequence[Line]) -> bool:
    """Whether a ban answers where nothing else would, or keeps its packets out of a log."""
    if any(Verdict.REJECT in line.aims for line in found):
        return True
    chains = ruleset.tables["filter"]
    rules = chains[found[0].chain].rules
    last = next(place for place, rule in enumerate(rules) if rule is found[-1].rule)
    return any(_logs(rule, chains) and _catches(rule, found[-1].rule) for rule in rules[last + 1 :])


def _logs(rule: FilterRule, chains: Mapping[str, Chain]) -> bool:
    """A line that writes to a log, or leads to one that does."""
    match rule.target:
        case Inert(name):
            return name in _LOGS
        case Jump(chain) | Goto(chain) if chain in chains:
            return any(isinstance(held.target, Inert) and held.target.name in _LOGS for held in chains[chain].rules)
        case _:
            return False


def _catches(rule: FilterRule, ban: FilterRule) -> bool:
    """Whether a line would meet what a ban takes, but for how often it does."""
    return wider(rule._replace(conditions=tuple(c for c in rule.conditions if not isinstance(c, Opaque))), ban)
