"""A ``Ruleset`` as the text that iptables-restore and ipset restore load.

Invariant: ``write`` says exactly what the ruleset says; what cannot be said, ``loadable.py`` leaves out first.
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
)  # fmt: skip
from zimlint.packets import (
    ALL_ADDRESSES,
    ALL_PORTS,
    ALL_PROTOCOLS,
    Family,
    RangeSet,
    format_address,
    format_network,
)  # fmt: skip

_PORTS = {SrcPorts, DstPorts, EitherPort}
_FLAGS = {1: "FIN", 2: "SYN", 4: "RST", 8: "PSH", 16: "ACK", 32: "URG"}
_OPAQUE = {
    "limit": "-m limit --limit 3/hour",
    "hashlimit": "-m hashlimit --hashlimit-upto 3/hour --hashlimit-mode srcip --hashlimit-name drawn",
    "connlimit": "-m connlimit --connlimit-above 3",
    "recent": "-m recent --rcheck --name seen",
    "string": "-m string --string nothing --algo bm",
    "statistic": "-m statistic --mode random --probability 0.5",
    "length": "-m length --length 0:45",
}


def write(ruleset: Ruleset) -> str:
    """The text for iptables-restore; only for what ``loadable`` gave."""
    lines: list[str] = []
    for table, chains in ruleset.tables.items():
        lines += [f"*{table}", *map(declaration, chains.values())]
        for chain in chains.values():
            lines += [f"-A {chain.name} {line(rule, ruleset.family)}".rstrip() for rule in chain.rules]
        lines.append("COMMIT")
    return "\n".join(lines) + "\n"


def declaration(chain: Chain) -> str:
    """``:INPUT DROP [0:0]``."""
    return f":{chain.name} {chain.default.value if chain.default else '-'} [0:0]"


def line(rule: FilterRule, family: Family) -> str:
    """A line without the command and the chain."""
    return " ".join([*_words(rule, family), *_target(rule.target, family)])


def write_sets(sets: Mapping[str, IpSet]) -> str:
    """The text for ``ipset restore``."""
    lines: list[str] = []
    for held in sets.values():
        family = f"family {'inet6' if held.family is Family.IPV6 else 'inet'}"
        header = {"bitmap:port": "range 0-65535", "list:set": ""}.get(held.kind, family)
        lines.append(f"create {held.name} {held.kind} {header}".rstrip())
        lines += [f"add {held.name} {entry}{' nomatch' * excepted}" for entry, excepted in held.entries]
    return "\n".join(lines) + "\n"


def _words(rule: FilterRule, family: Family) -> Iterator[str]:
    """The protocol first; ``-s`` and ``--dport`` may be there once, ``iprange`` and ``multiport`` often."""
    met: set[type] = set()
    for condition in sorted(rule.conditions, key=lambda condition: not isinstance(condition, Protocols)):
        if isinstance(condition, (SrcAddress, DstAddress)):
            side = "src" if isinstance(condition, SrcAddress) else "dst"
            yield _addresses(side, condition.addresses, family, ranged=type(condition) in met)
        elif isinstance(condition, (SrcPorts, DstPorts)):
            side = "sport" if isinstance(condition, SrcPorts) else "dport"
            yield _ports(side, condition.ports, listed=bool(met & _PORTS))
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
            negated = numbers.size() > 1
            return f"{_not(negated)}-p {(ALL_PROTOCOLS - numbers if negated else numbers).first()}"
        case SrcAddress(held):
            return _addresses("src", held, family, ranged=True)
        case DstAddress(held):
            return _addresses("dst", held, family, ranged=True)
        case SrcPorts(ports):
            return _ports("sport", ports, listed=True)
        case DstPorts(ports):
            return _ports("dport", ports, listed=True)
        case EitherPort(ports, negated):
            return f"-m multiport {_not(negated)}--ports {_port_list(ports)}"
        case IcmpTypes(types):
            kind, code = types.first() >> 8, types.first() & 255
            name = "icmp --icmp-type" if family is Family.IPV4 else "icmp6 --icmpv6-type"
            if types.size() == 1 << 16:
                return f"-m {name} any"
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


def _ports(option: str, held: RangeSet, *, listed: bool) -> str:
    """In the short form where it can be and the first port is odd, so that both forms are met."""
    rest = ALL_PORTS - held
    negated = not held or 0 < len(rest.ranges) < len(held.ranges)
    chosen = rest if negated else held
    if not listed and len(chosen.ranges) == 1 and chosen.first() % 2:
        return f"{_not(negated)}--{option} {_port_list(chosen)}"
    return f"-m multiport {_not(negated)}--{option}s {_port_list(chosen)}"


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
        case Nat("SNAT"):
            return ["-j", "SNAT", "--to-source", "203.0.113.1" if family is Family.IPV4 else "2001:db8::1"]
        case Nat("MASQUERADE"):
            return ["-j", "MASQUERADE"]
        case Nat("NETMAP", RangeSet() as network):
            return ["-j", "NETMAP", "--to", format_network(family, *network.ranges[0])]
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
    if where and place and family is Family.IPV6:
        where = f"[{where}]"
    return ["--to-destination", where + (f":{place}" if place else "")]
