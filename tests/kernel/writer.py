"""A drawn ``Ruleset`` as a file that iptables-restore loads: what it would refuse is changed or left out first.

Invariant: ``write`` says exactly what the ruleset says; only ``loadable`` changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from zimlint.model import (
    AddrType,
    Chain,
    Condition,
    CtDirection,
    CtOriginal,
    CtState,
    Decide,
    DstAddress,
    DstPorts,
    EitherPort,
    FilterRule,
    Fragment,
    Goto,
    IcmpTypes,
    Inert,
    InInterface,
    IpSet,
    Jump,
    MarkIs,
    Nat,
    Notrack,
    Opaque,
    OpaqueTarget,
    OutInterface,
    PacketType,
    Protocols,
    Queue,
    Return,
    Ruleset,
    SetMark,
    SetMatch,
    SrcAddress,
    SrcPorts,
    Target,
    TcpFlags,
    Verdict,
)  # fmt: skip
from zimlint.packets import (
    ALL_ADDRESSES,
    ALL_PORTS,
    ALL_PROTOCOLS,
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Family,
    RangeSet,
    format_address,
    format_network,
)  # fmt: skip

_NO_INPUT = frozenset({"OUTPUT", "POSTROUTING"})
_NO_OUTPUT = frozenset({"PREROUTING", "INPUT"})
_ONCE = (InInterface, OutInterface, Protocols, IcmpTypes, TcpFlags, AddrType, PacketType, CtDirection)
_PORTS = (SrcPorts, DstPorts, EitherPort)
_FLAGS = {1: "FIN", 2: "SYN", 4: "RST", 8: "PSH", 16: "ACK", 32: "URG"}
_OPAQUE = {
    "limit": "-m limit --limit 3/hour",
    "recent": "-m recent --rcheck --name seen --mask 255.255.255.255 --rsource",
    "string": "-m string --string nothing --algo bm",
}


def loadable(ruleset: Ruleset) -> Ruleset:
    """The nearest ruleset that the kernel takes."""
    tables = {
        table: {
            name: chain._replace(rules=tuple(_loadable_rules(ruleset, table, chain))) for name, chain in chains.items()
        }
        for table, chains in ruleset.tables.items()
    }
    return ruleset._replace(tables=tables)


def write(ruleset: Ruleset) -> str:
    """The text for iptables-restore; only for what ``loadable`` gave."""
    lines: list[str] = []
    for table, chains in ruleset.tables.items():
        lines.append(f"*{table}")
        lines += [f":{chain.name} {chain.default.value if chain.default else '-'} [0:0]" for chain in chains.values()]
        for chain in chains.values():
            for rule in chain.rules:
                words = list(_words(rule, ruleset.family))
                lines.append(" ".join([f"-A {chain.name}", *words, *_target(rule.target, ruleset.family)]))
        lines.append("COMMIT")
    return "\n".join(lines) + "\n"


def write_sets(sets: Mapping[str, IpSet]) -> str:
    """The text for ``ipset restore``."""
    lines: list[str] = []
    for held in sets.values():
        lines.append(f"create {held.name} {held.kind} family {'inet6' if held.family is Family.IPV6 else 'inet'}")
        lines += [f"add {held.name} {entry}{' nomatch' * excepted}" for entry, excepted in held.entries]
    return "\n".join(lines) + "\n"


def _loadable_rules(ruleset: Ruleset, table: str, chain: Chain) -> Iterator[FilterRule]:
    for rule in chain.rules:
        conditions = tuple(_loadable_conditions(ruleset, chain, rule))
        target = _loadable_target(rule.target, table)
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
        given = (Protocols(RangeSet([(ICMP, ICMP)])),)
    yield from given
    kinds: set[type] = {Protocols}
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
                fits = name in ruleset.sets
            case CtOriginal("sport" | "dport", ports) if len(ports.ranges) > 1 and len((ALL_PORTS - ports).ranges) > 1:
                fits = False
            case _:
                fits = True
        if fits:
            yield condition


def _is_protocol(conditions: tuple[Condition, ...], *numbers: int) -> bool:
    return any(isinstance(c, Protocols) and c.numbers.first() in numbers for c in conditions)


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


def _words(rule: FilterRule, family: Family) -> Iterator[str]:
    """The conditions, the protocol first; ``-s`` and ``-d`` may be there once, ``iprange`` often."""
    met: set[type] = set()
    for condition in sorted(rule.conditions, key=lambda condition: not isinstance(condition, Protocols)):
        if isinstance(condition, (SrcAddress, DstAddress)):
            side = "src" if isinstance(condition, SrcAddress) else "dst"
            yield _addresses(side, condition.addresses, family, ranged=type(condition) in met)
        else:
            yield _condition(condition, family)
        met.add(type(condition))


def _condition(condition: Condition, family: Family) -> str:
    match condition:
        case InInterface(pattern, negated):
            return f"{_not(negated)}-i {pattern}"
        case OutInterface(pattern, negated):
            return f"{_not(negated)}-o {pattern}"
        case Protocols(numbers):
            return f"-p {numbers.first()}"
        case SrcAddress(held):
            return _addresses("src", held, family, ranged=True)
        case DstAddress(held):
            return _addresses("dst", held, family, ranged=True)
        case SrcPorts(ports):
            return _ports("sports", ports)
        case DstPorts(ports):
            return _ports("dports", ports)
        case EitherPort(ports, negated):
            return f"-m multiport {_not(negated)}--ports {_port_list(ports)}"
        case IcmpTypes(types):
            kind, code = types.first() >> 8, types.first() & 255
            name = "icmp --icmp-type" if family is Family.IPV4 else "icmp6 --icmpv6-type"
            return f"-m {name} {kind}" + (f"/{code}" if types.size() == 1 else "")
        case TcpFlags(mask, value, negated):
            return f"-m tcp {_not(negated)}--tcp-flags {_flags(mask)} {_flags(value)}"
        case CtState(states, negated):
            return f"-m conntrack {_not(negated)}--ctstate {','.join(sorted(states))}"
        case CtOriginal(part, held):
            return _original(part, held, family)
        case CtDirection(original):
            return f"-m conntrack --ctdir {'ORIGINAL' if original else 'REPLY'}"
        case Fragment(negated):
            return f"{_not(negated)}-f"
        case AddrType(side, types, negated):
            return f"-m addrtype {_not(negated)}--{side}-type {','.join(sorted(types))}"
        case PacketType(kind, negated):
            return f"-m pkttype {_not(negated)}--pkt-type {kind}"
        case MarkIs(kind, value, mask, negated):
            return f"-m {kind} {_not(negated)}--mark {value:#x}/{mask:#x}"
        case SetMatch(name, directions, negated):
            return f"-m set {_not(negated)}--match-set {name} {','.join(directions)}"
        case Opaque(module):
            return _OPAQUE[module]
        case _:
            assert_never(condition)


def _not(negated: bool) -> str:
    return "! " if negated else ""


_ORIGINAL_PORTS = {"sport": "origsrcport", "dport": "origdstport"}


def _original(part: str, held: RangeSet, family: Family) -> str:
    """One address, network, protocol or range of ports, or all but one."""
    universe = ALL_PORTS if part in _ORIGINAL_PORTS else ALL_PROTOCOLS if part == "proto" else ALL_ADDRESSES[family]
    negated = len(held.ranges) != 1
    ((low, high),) = (universe - held).ranges if negated else held.ranges
    if part in ("src", "dst"):
        return f"-m conntrack {_not(negated)}--ctorig{part} {format_network(family, low, high)}"
    if part == "proto":
        return f"-m conntrack {_not(negated)}--ctproto {low}"
    return f"-m conntrack {_not(negated)}--ct{_ORIGINAL_PORTS[part]} {low}:{high}"


def _addresses(side: str, held: RangeSet, family: Family, *, ranged: bool) -> str:
    """As a range where it is one, else as what it leaves out."""
    negated = len(held.ranges) > 1
    ((low, high),) = (ALL_ADDRESSES[family] - held).ranges if negated else held.ranges
    span = f"{format_address(family, low)}-{format_address(family, high)}"
    network = format_network(family, low, high)
    if ranged or "-" in network:
        return f"-m iprange {_not(negated)}--{side}-range {span}"
    return f"{_not(negated)}-{side[0]} {network}"


def _ports(option: str, held: RangeSet) -> str:
    rest = ALL_PORTS - held
    negated = not held or 0 < len(rest.ranges) < len(held.ranges)
    return f"-m multiport {_not(negated)}--{option} {_port_list(rest if negated else held)}"


def _port_list(held: RangeSet) -> str:
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in held.ranges)


def _flags(bits: int) -> str:
    return ",".join(name for bit, name in _FLAGS.items() if bits & bit) or "NONE"


def _target(target: Target, family: Family) -> list[str]:
    match target:
        case Decide(verdict):
            return ["-j", verdict.value]
        case Jump(chain):
            return ["-j", chain]
        case Goto(chain):
            return ["-g", chain]
        case Return():
            return ["-j", "RETURN"]
        case Inert(name):
            return ["-j", name] if name else []
        case SetMark(_, value, mask, ("save" | "restore") as copies):
            read, written = ("nfmask", "ctmask") if copies == "save" else ("ctmask", "nfmask")
            return ["-j", "CONNMARK", f"--{copies}-mark", f"--{read}", f"{value:#x}", f"--{written}", f"{mask:#x}"]
        case SetMark(kind, value, mask):
            return ["-j", kind.upper(), "--set-xmark", f"{value:#x}/{mask:#x}"]
        case Notrack():
            return ["-j", "CT", "--notrack"]
        case Nat(name, addresses, ports):
            return ["-j", name, *_destination(name, addresses, ports, family)]
        case Queue(bypass):
            return ["-j", "NFQUEUE", *["--queue-bypass"] * bypass]
        case OpaqueTarget():
            raise ValueError("a target that nobody knows cannot be loaded")
        case _:
            assert_never(target)


def _destination(name: str, addresses: RangeSet | None, ports: RangeSet | None, family: Family) -> list[str]:
    hosts = () if addresses is None else dict.fromkeys(addresses.ranges[0])
    where = "-".join(format_address(family, host) for host in hosts)
    place = "" if ports is None else "-".join(str(end) for end in dict.fromkeys(ports.ranges[0]))
    if name == "REDIRECT":
        return ["--to-ports", place] if place else []
    return ["--to-destination", where + (f":{place}" if place else "")]
