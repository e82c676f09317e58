"""Who wrote a line, what it is for, and what it names: words for findings about single lines.

Invariant: a line that another program keeps is nobody's mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from zimlint.model import (
    Chain,
    Decide,
    DstAddress,
    DstPorts,
    FilterRule,
    Goto,
    IcmpTypes,
    Jump,
    Nat,
    Opaque,
    Protocols,
    Return,
    Ruleset,
    SrcAddress,
    Target,
    Verdict,
)  # fmt: skip
from zimlint.packets import ALL_PORTS, ICMP, ICMPV6, TCP, UDP, Family, format_network
from zimlint.questions.findings import port_labels
from zimlint.zimbra.tools import Tool, adds_to, keeper, load_tools

TABLES = ("raw", "mangle", "nat", "filter", "security")
REFUSALS = frozenset({Verdict.DROP, Verdict.REJECT})
LIMIT, LIMIT_ACCEPT = ("ufw-user-limit", "ufw6-user-limit"), ("ufw-user-limit-accept", "ufw6-user-limit-accept")
"""Where ``ufw limit`` leads what is over the limit, and all else (ufw/backend_iptables.py)."""


class Line(NamedTuple):
    """A line that decides, or leads to lines that do."""

    table: str
    chain: str
    rule: FilterRule
    aims: frozenset[Verdict]
    """What it decides, or the chain that it leads into; what nat sends elsewhere is let in there."""
    own: bool
    """The administrator wrote it."""

    @property
    def accepts(self) -> bool:
        """It is there to let packets in."""
        return Verdict.ACCEPT in self.aims

    @property
    def refuses(self) -> bool:
        """It is there to keep packets out."""
        return bool(self.aims & REFUSALS)


def deciding_lines(ruleset: Ruleset) -> Iterator[Line]:
    """All lines that decide, in the order of tables and chains."""
    tools = load_tools()
    for table in TABLES:
        chains = ruleset.tables.get(table, {})
        aims = _aims(table, chains)
        for chain in chains.values():
            tool = keeper(tools, chain.name, chains)
            for rule in chain.rules:
                target = rule.target
                aim = _aim(table, target)
                if is_limit(rule):
                    yield Line(table, chain.name, rule, REFUSALS | {Verdict.ACCEPT}, tool is None)
                elif aim or exempts(table, chain, rule):
                    aim = aim or frozenset({Verdict.ACCEPT})
                    yield Line(table, chain.name, rule, aim, _is_own(tool, chain.name, rule))
                elif isinstance(target, (Jump, Goto)) and aims.get(target.chain):
                    called = keeper(tools, target.chain, chains)
                    yield Line(table, chain.name, rule, aims[target.chain], called is None and tool is None)


def _is_own(tool: Tool | None, chain: str, rule: FilterRule) -> bool:
    """What a program keeps in a chain that the administrator adds to is told by the ports that it names."""
    if tool is None:
        return True
    if not adds_to(tool, chain):
        return False
    ports = [c.ports for c in rule.conditions if isinstance(c, DstPorts)]
    sources = any(isinstance(c, SrcAddress) for c in rule.conditions)
    if not ports:
        return sources and not any(isinstance(c, IcmpTypes) for c in rule.conditions)
    return not all(low == high and low in tool.own_ports for held in ports for low, high in held.ranges)


def is_limit(rule: FilterRule) -> bool:
    """Whether a line says ``ufw limit``: what is over it goes to ufw's chain; a row of ``ufw status`` is one line."""
    match rule.target:
        case Jump(chain):
            return chain in LIMIT
        case Decide(Verdict.ACCEPT):
            texts = [c.text.split() for c in rule.conditions if isinstance(c, Opaque) and c.module == "recent"]
            return any(words[:1] == ["!"] and "--hitcount" in words for words in texts)
        case _:
            return False


def exempts(table: str, chain: Chain, rule: FilterRule) -> bool:
    """Whether a line of the nat table keeps some packets from being translated by lines after it."""
    match rule.target:
        case Decide(Verdict.ACCEPT):
            return table == "nat" and bool(rule.conditions)
        case Return():
            return table == "nat" and bool(rule.conditions) and chain.default is not None
        case _:
            return False


def _aim(table: str, target: Target) -> frozenset[Verdict]:
    """What a line decides itself: what nat accepts it only leaves as it is, and any source will do for MASQUERADE."""
    match target:
        case Decide(verdict) if table != "nat":
            return frozenset({verdict})
        case Nat(name) if name != "MASQUERADE":
            return frozenset({Verdict.ACCEPT})
        case _:
            return frozenset()


def _aims(table: str, chains: Mapping[str, Chain]) -> dict[str, frozenset[Verdict]]:
    """For each chain what it and all that it leads into may decide."""
    found = {
        name: frozenset[Verdict]().union(*{_aim(table, rule.target) for rule in chain.rules})
        for name, chain in chains.items()
    }
    called = {
        name: {rule.target.chain for rule in chain.rules if isinstance(rule.target, (Jump, Goto))}
        for name, chain in chains.items()
    }
    changed = True
    while changed:
        changed = False
        for name, others in called.items():
            whole = found[name].union(*(found.get(other, frozenset()) for other in others))
            changed = changed or whole != found[name]
            found[name] = whole
    return found


def labels(rule: FilterRule) -> tuple[str, ...]:
    """The ports that a line names: ``11211/tcp``."""
    transports = {
        name: number
        for name, number in (("tcp", TCP), ("udp", UDP))
        if all(number in c.numbers for c in rule.conditions if isinstance(c, Protocols))
    }
    ports = ALL_PORTS
    for condition in rule.conditions:
        if isinstance(condition, DstPorts):
            ports = ports & condition.ports
    if ports == ALL_PORTS or len(transports) == 2:
        return ()
    return tuple(label for name in transports for label in port_labels(ports, name))


def named(rule: FilterRule, family: Family) -> str:
    """What a line is about, in a few words: ``11211/tcp``, ``packets from 203.0.113.0/24``."""
    ports = labels(rule)
    if ports:
        return ", ".join(ports[:4]) + (f" and {len(ports) - 4} more" if len(ports) > 4 else "")
    for condition in rule.conditions:
        if isinstance(condition, SrcAddress) and len(condition.addresses.ranges) == 1:
            return f"packets from {format_network(family, *condition.addresses.ranges[0])}"
    for condition in rule.conditions:
        if isinstance(condition, DstAddress) and len(condition.addresses.ranges) == 1:
            return f"packets to {format_network(family, *condition.addresses.ranges[0])}"
    return "these packets" if rule.conditions else "everything"


def verb(rule: FilterRule) -> str:
    """``DROP``, ``the jump to BANNED``."""
    if is_limit(rule):
        return "the limit"
    match rule.target:
        case Decide(verdict):
            return verdict.value
        case Jump(chain) | Goto(chain):
            return f"the call of {chain}"
        case Nat(name):
            return name
        case Return():
            return "RETURN"
        case _:
            return "the line"


def other_icmp(rule: FilterRule, family: Family) -> str:
    """``icmp`` in ip6tables and the other way round: no packet of that family carries it (RFC 4443, section 1)."""
    foreign, name = (ICMPV6, "ipv6-icmp") if family is Family.IPV4 else (ICMP, "icmp")
    for condition in rule.conditions:
        if isinstance(condition, Protocols) and condition.numbers.ranges == ((foreign, foreign),):
            return name
    return ""
