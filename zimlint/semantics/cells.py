"""The axes along which packets differ, and what each match says on them.

A cell is a product: one range set for every axis. Every match becomes a constraint on one axis, a choice between
products (``OneOf``), a question that the walk answers (``Ask``), or a value that nobody knows (``Unknown``).

Invariant: a match that holds for some packets of an atom and not for others is never called exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple, assert_never

from zimlint.model import (
    AddrType,
    Condition,
    CtDirection,
    CtOriginal,
    CtState,
    DstAddress,
    DstPorts,
    EitherPort,
    Fragment,
    IcmpTypes,
    InInterface,
    IpSet,
    MarkIs,
    Opaque,
    OutInterface,
    PacketType,
    Protocols,
    SetMatch,
    SrcAddress,
    SrcPorts,
    TcpFlags,
)  # fmt: skip
from zimlint.packets import ALL_PORTS, ALL_PROTOCOLS, Family, RangeSet
from zimlint.semantics.hooks import (
    OF_EARLIER_FLOW,
    STATE_FLAGS,
    WITHOUT_CONNECTION,
    Hook,
    interface_matches,
)  # fmt: skip
from zimlint.semantics.kinds import address_kinds, packet_kinds
from zimlint.semantics.sets import Term, members
from zimlint.variants import variant


class Axis(IntEnum):
    """The order in which cells are cut: the cheap axes first."""

    IN = 0
    OUT = 1
    PROTOCOL = 2
    DPORT = 3
    """Destination port; for ICMP ``type << 8 | code``."""
    SOURCE = 4
    SPORT = 5
    DESTINATION = 6
    ORIGINAL_DPORT = 7
    """The destination port before NAT, where NAT changed it."""
    ORIGINAL_DESTINATION = 8
    FLAGS = 9
    """The TCP flags as a number of six bits, where they are not settled by the state."""


Product = Mapping[Axis, RangeSet]


@variant
class Within(NamedTuple):
    """The match holds exactly for these values of one axis."""

    axis: Axis
    values: RangeSet


@variant
class OneOf(NamedTuple):
    """The match holds exactly where one of the products does; negated: where none does."""

    products: tuple[Product, ...]
    negated: bool = False


@variant
class Ask(NamedTuple):
    """The match depends on what earlier lines did to the packet."""

    condition: MarkIs | CtState | CtOriginal | CtDirection


@variant
class Unknown(NamedTuple):
    """Nobody can say; ``lone`` is the value for a lone first packet, where that is known."""

    lone: bool | None


Value = Within | OneOf | Ask | Unknown | bool


class Setting(NamedTuple):
    """All that a match's value depends on beside the packet."""

    family: Family
    state: str
    hook: Hook
    names: tuple[str, ...]
    """The interfaces that stand for all; an interface's number on its axis is its place here."""
    sets: Mapping[str, IpSet]
    loopback: bool = False
    """It came from the host itself."""
    notrack: bool = False
    """Some line may exempt packets from tracking."""
    moved_ports: bool = False
    moved_address: bool = False
    """NAT has changed the destination port, or the address."""
    natted: bool | None = False
    any_packet: bool = False
    """Any packet is asked about, not only the first one of a connection to an address of the host."""


def representatives(patterns: Iterable[str]) -> tuple[str, ...]:
    """Interface names that together meet every combination of ``-i`` and ``-o`` patterns; ``lo`` is the first."""
    wanted = set(patterns)
    literal = {name for name in wanted if not name.endswith("+") and ":" not in name and name != "lo"}
    prefixes = sorted({name[:-1] for name in wanted if name.endswith("+") and name != "+"})
    names = ["lo"]
    candidates = ("eth0", "ens3", "enp1s0", "net0", "wan0", "other0", *(f"if{number}" for number in range(1000)))
    usual = (name for name in candidates if name not in literal and not any(map(name.startswith, prefixes)))
    names.append("eth0" if "eth0" in literal else next(usual, "eth0"))
    names += sorted(literal - {"eth0"})
    if names[1] == "eth0":
        names.append(next(usual, "other0"))
    for prefix in prefixes:
        names.append(next(f"{prefix}{n}" for n in range(10_000) if f"{prefix}{n}" not in literal))
    return tuple(dict.fromkeys(names))


def value(condition: Condition, setting: Setting) -> Value:
    """What one match says; ``True`` and ``False`` where it says the same for every packet."""
    match condition:
        case InInterface(pattern, negated):
            if not setting.hook.incoming:
                return (pattern == "+") != negated
            return Within(Axis.IN, _interfaces(pattern, negated, setting.names))
        case OutInterface(pattern, negated):
            if setting.hook.outgoing != "any":
                name = "lo" if setting.hook.outgoing == "lo" else ""
                return interface_matches(pattern, name) != negated
            return Within(Axis.OUT, _interfaces(pattern, negated, setting.names))
        case Protocols(numbers):
            return Within(Axis.PROTOCOL, numbers)
        case SrcAddress(addresses):
            return Within(Axis.SOURCE, addresses)
        case DstAddress(addresses):
            return Within(Axis.DESTINATION, addresses)
        case SrcPorts(ports):
            return Within(Axis.SPORT, ports)
        case DstPorts(ports):
            return Within(Axis.DPORT, ports)
        case IcmpTypes(types):
            return Within(Axis.DPORT, types)
        case EitherPort(ports, negated):
            return OneOf(({Axis.SPORT: ports}, {Axis.DPORT: ports}), negated)
        case AddrType() | PacketType() | Fragment() | SetMatch() | CtDirection() if setting.any_packet:
            return Unknown(None)  # it depends on addresses of the host, on the wire, and on what a set holds today
        case TcpFlags(mask, wanted, negated) if setting.any_packet:
            return Within(Axis.FLAGS, RangeSet((n, n) for n in range(64) if (n & mask == wanted) != negated))
        case TcpFlags(mask, wanted, negated):
            flags = STATE_FLAGS.get(setting.state)
            return Unknown(None) if flags is None else (flags & mask == wanted) != negated
        case CtState():
            return _in_state(condition, setting)
        case CtOriginal() | CtDirection() if not setting.hook.tracked or setting.state in WITHOUT_CONNECTION:
            return False
        case CtOriginal() | CtDirection() if setting.state in OF_EARLIER_FLOW:
            return Unknown(None)
        case CtOriginal(part, values):
            return Within(_original_axis(part, setting), values)
        case CtDirection(original):
            return original
        case Fragment(negated):
            return negated
        case AddrType(side, types, negated):
            return _address_type(side, types, negated, setting)
        case PacketType(kind, negated):
            # told when the frame arrives; NAT does not change it
            axis = Axis.ORIGINAL_DESTINATION if setting.moved_address else Axis.DESTINATION
            return _negate(Within(axis, packet_kinds(kind, setting.family)), negated, setting.family)
        case MarkIs():
            return Ask(condition)
        case SetMatch():
            return _set_value(condition, setting)
        case Opaque(lone=lone):
            return Unknown(lone)
        case _:
            assert_never(condition)


def _in_state(condition: CtState, setting: Setting) -> Value:
    """``--ctstate``, unless some line may exempt the packet from tracking."""
    if setting.notrack:
        return Ask(condition)
    state = setting.state if setting.hook.tracked else "INVALID"
    holds = state_holds(condition, state, setting.natted)
    return Unknown(None) if holds is None else holds


def state_holds(condition: CtState, state: str, natted: bool | None) -> bool | None:
    """``--ctstate``: the packet's state is listed; ``DNAT`` is true of a flow whose destination was changed."""
    if state in condition.states or (natted and "DNAT" in condition.states):
        return not condition.negated
    if natted is None and "DNAT" in condition.states:
        return None
    return None if state in OF_EARLIER_FLOW and condition.states & {"DNAT", "SNAT"} else condition.negated


def axis_universe(axis: Axis, family: Family, names: Sequence[str]) -> RangeSet:
    """Every value of an axis."""
    match axis:
        case Axis.IN | Axis.OUT:
            return RangeSet([(0, len(names) - 1)])
        case Axis.PROTOCOL:
            return ALL_PROTOCOLS
        case Axis.DPORT | Axis.SPORT | Axis.ORIGINAL_DPORT:
            return ALL_PORTS
        case Axis.SOURCE | Axis.DESTINATION | Axis.ORIGINAL_DESTINATION:
            return RangeSet([(0, (1 << family.bits) - 1)])
        case Axis.FLAGS:
            return RangeSet([(0, 63)])
        case _:
            assert_never(axis)


def _interfaces(pattern: str, negated: bool, names: Sequence[str]) -> RangeSet:
    return RangeSet((n, n) for n, name in enumerate(names) if interface_matches(pattern, name) != negated)


def _original_axis(part: str, setting: Setting) -> Axis:
    match part:
        case "src":
            return Axis.SOURCE
        case "sport":
            return Axis.SPORT
        case "proto":
            return Axis.PROTOCOL
        case "dst":
            return Axis.ORIGINAL_DESTINATION if setting.moved_address else Axis.DESTINATION
        case _:
            return Axis.ORIGINAL_DPORT if setting.moved_ports else Axis.DPORT


def _negate(inner: Within | bool, negated: bool, family: Family) -> Within | bool:
    if not negated:
        return inner
    if isinstance(inner, bool):
        return not inner
    return Within(inner.axis, axis_universe(inner.axis, family, ()) - inner.values)


def _address_type(side: str, types: frozenset[str], negated: bool, setting: Setting) -> Value:
    if side == "dst":
        local, axis = setting.hook.local, Axis.DESTINATION
    else:
        local, axis = setting.loopback, Axis.SOURCE
    return _negate(Within(axis, address_kinds(types, setting.family, local)), negated, setting.family)


def _set_value(condition: SetMatch, setting: Setting) -> Value:
    held = members(condition, setting.sets, setting.family)
    if held is None:
        return Unknown(None)
    products = tuple(product for term in held.terms for product in _products(term, setting))
    if len(products) == 1 and len(products[0]) == 1:
        ((axis, values),) = products[0].items()
        return _negate(Within(axis, values), condition.negated, setting.family)
    return OneOf(products, condition.negated)


_PART_AXES = {
    "src": Axis.SOURCE, "dst": Axis.DESTINATION, "sport": Axis.SPORT, "dport": Axis.DPORT, "proto": Axis.PROTOCOL,
}  # fmt: skip


def _products(term: Term, setting: Setting) -> tuple[Product, ...]:
    product: dict[Axis, RangeSet] = {}
    for part, values in term:
        if isinstance(values, str):
            axis, allowed = Axis.IN, _interfaces(values, False, setting.names)
        else:
            axis, allowed = _PART_AXES[part], values
        product[axis] = product[axis] & allowed if axis in product else allowed
    return (product,) if all(product.values()) else ()
