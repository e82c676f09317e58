"""A drawn ``Ruleset`` as one that the kernel takes: what iptables-restore would refuse is changed or left out.

Invariant: only the lines that would be refused are changed, and as little as that takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.semantics.lines import sets_of
from zimlint.model import (
    AddrType,
    Chain,
    Condition,
    CtDirection,
    CtOriginal,
    Decide,
    DstPorts,
    EitherPort,
    FilterRule,
    Fragment,
    IcmpTypes,
    Inert,
    InInterface,
    MarkIs,
    Nat,
    OpaqueTarget,
    OutInterface,
    PacketType,
    Protocols,
    Return,
    Ruleset,
    SetMatch,
    SrcAddress,
    SrcPorts,
    Target,
    TcpFlags,
    Verdict,
)  # fmt: skip
from zimlint.packets import ALL_PORTS, ICMP, ICMPV6, TCP, UDP, Family, RangeSet

_NO_INPUT = frozenset({"OUTPUT", "POSTROUTING"})
_NO_OUTPUT = frozenset({"PREROUTING", "INPUT"})
_ONCE = (InInterface, OutInterface, Protocols, IcmpTypes, TcpFlags, AddrType, PacketType, CtDirection, Fragment)
_PORTS = (SrcPorts, DstPorts, EitherPort)
_LEAVING = ("SNAT", "MASQUERADE")


def loadable(ruleset: Ruleset) -> Ruleset:
    """The nearest ruleset that the kernel takes."""
    tables = {
        table: {
            name: chain._replace(rules=tuple(_loadable_rules(ruleset, table, chain))) for name, chain in chains.items()
        }
        for table, chains in ruleset.tables.items()
    }
    return ruleset._replace(tables=tables)


def _loadable_rules(ruleset: Ruleset, table: str, chain: Chain) -> Iterator[FilterRule]:
    for rule in chain.rules:
        target = _loadable_target(rule.target, table)
        conditions = tuple(_loadable_conditions(ruleset, chain, rule))
        if isinstance(target, Nat) and target.name in _LEAVING and any(isinstance(c, SrcAddress) for c in conditions):
            # that is how a dump tells what network lies behind an interface; here it would be a lie
            conditions = tuple(c for c in conditions if not isinstance(c, OutInterface))
        ports = isinstance(target, Nat) and target.ports is not None
        if ports and not any(isinstance(c, Protocols) for c in conditions):
            conditions = (Protocols(RangeSet([(TCP, TCP)])), *conditions)
        if ports and conditions and not _is_protocol(conditions, TCP, UDP):
            target = Return()
        yield rule._replace(conditions=conditions, target=target)


def _loadable_conditions(ruleset: Ruleset, chain: Chain, rule: FilterRule) -> Iterator[Condition]:
    """What a line of that chain may ask for: one of a kind, ports and flags only of their own protocol."""
    given = tuple(c for c in rule.conditions if isinstance(c, Protocols))[:1]
    if not given and any(isinstance(c, (*_PORTS, TcpFlags)) for c in rule.conditions):
        given = (Protocols(RangeSet([(TCP, TCP)])),)
    elif not given and any(isinstance(c, IcmpTypes) for c in rule.conditions):
        icmp = ICMP if ruleset.family is Family.IPV4 else ICMPV6
        given = (Protocols(RangeSet([(icmp, icmp)])),)
    yield from given
    kinds: set[type] = {Protocols}
    marks = [condition.kind for condition in rule.conditions if isinstance(condition, MarkIs)]
    for condition in rule.conditions:
        if isinstance(condition, _ONCE) and type(condition) in kinds:
            continue
        kinds.add(type(condition))
        match condition:
            case InInterface(pattern):
                fits = chain.name not in _NO_INPUT and pattern != "+"
            case OutInterface(pattern):
                fits = chain.name not in _NO_OUTPUT and pattern != "+"
            case SrcPorts() | DstPorts() | EitherPort():
                fits = _is_protocol(given, TCP, UDP)
            case TcpFlags():
                fits = _is_protocol(given, TCP)
            case IcmpTypes():
                fits = _is_protocol(given, ICMP, ICMPV6)
            case SetMatch(name):
                fits = name in sets_of(ruleset.family)
            case MarkIs(kind):  # `-m mark -m connmark -m mark`: the last --mark is connmark's
                fits = len(set(marks)) < 2 or marks.count(kind) < 2
            case CtOriginal("sport" | "dport", ports) if len(ports.ranges) > 1 and len((ALL_PORTS - ports).ranges) > 1:
                fits = False
            case _:
                fits = True
        if fits:
            yield condition


def _is_protocol(conditions: tuple[Condition, ...], *numbers: int) -> bool:
    return any(isinstance(c, Protocols) and c.numbers.size() == 1 and c.numbers.first() in numbers for c in conditions)


def _loadable_target(target: Target, table: str) -> Target:
    match target:
        case Decide(Verdict.REJECT) if table != "filter":
            return Decide(Verdict.DROP)
        case Nat("DNAT", None, None):
            return Nat("REDIRECT", None, None)
        case OpaqueTarget():
            return Inert("")
        case _:
            return target
