"""How the lines of one shape are read: which words make which condition, which the target, which the comment.

Invariant: a plan depends on its shape and family alone; what depends on chains and tables is for the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from zimlint.formats.addresses import addresses
from zimlint.formats.matches import condition, is_modelled
from zimlint.formats.modules import ADDON_TARGETS, TARGETS
from zimlint.formats.opaque import INERT_OPTIONS, Option, opaque
from zimlint.formats.option_checks import check_together, check_value
from zimlint.formats.outline import Group, Outline
from zimlint.formats.shapes import Slot
from zimlint.formats.tables import Refused
from zimlint.formats.targets import target
from zimlint.formats.values import Unsettled
from zimlint.formats.words import quote_word
from zimlint.model import Condition, DstAddress, Goto, Inert, Jump, Opaque, OpaqueTarget, SrcAddress, Target
from zimlint.packets import ALL_ADDRESSES, Family, RangeSet

AddressKind = type[SrcAddress] | type[DstAddress]
NO_TARGET = Inert("")


class _Step(NamedTuple):
    """One condition: the words that it is made of, and those that were made already."""

    indexes: tuple[int, ...]
    make: Callable[[tuple[str, ...]], Condition | None]
    made: dict[tuple[str, ...], Condition | None]


_UNMADE = Opaque("", "")
"""Stands for a condition that no line has asked for yet."""


class Plan(NamedTuple):
    """What ``make_plan`` found out about a shape; read lines with the functions below."""

    family: Family
    outline: Outline
    steps: tuple[_Step, ...]
    listed: tuple[tuple[AddressKind, Slot], ...]
    """``-s``, ``-d``: each may be a comma list."""
    comments: tuple[int, ...]
    targets: dict[tuple[str, ...], Target]
    """The targets that lines of this shape have had, by the words of their options."""
    placed: set[tuple[str, str]]
    """The tables and chains that may hold lines of this shape."""
    old_negation: Slot | None


def make_plan(outline: Outline, family: Family) -> Plan:
    """The plan of a shape."""
    groups = (outline.core, *outline.matches)
    steps = [step for group in groups for step in _steps(group, family)]
    slots = [slot for group in groups for slot in group.slots]
    listed = tuple((_SIDES[slot.name], slot) for slot in outline.core.slots if slot.name in _SIDES)
    comments = tuple(slot.indexes[0] for slot in slots if slot.name == "comment")
    old = next((slot for slot in slots if slot.old_negation), None)
    return Plan(family, outline, tuple(steps), listed, comments, {}, set(), old)


def conditions_of(plan: Plan, words: Sequence[str]) -> list[tuple[Condition, ...]]:
    """What a line asks for; several where comma lists make several lines of it."""
    found = []
    for indexes, make, made in plan.steps:
        values = (words[indexes[0]],) if len(indexes) == 1 else tuple([words[index] for index in indexes])
        part = made.get(values, _UNMADE)
        if part is _UNMADE:
            part = made[values] = make(values)
        if part is not None:
            found.append(part)
    if not plan.listed:
        return [tuple(found)]
    if len(plan.listed) == 1:
        return [(*part, *found) for part in _addresses(*plan.listed[0], words, plan.family)]
    listed = [_addresses(kind, slot, words, plan.family) for kind, slot in plan.listed]
    return [(*(one for part in parts for one in part), *found) for parts in product(*listed)]


def comment_of(plan: Plan, words: Sequence[str]) -> str | None:
    """The comment of a line; several stand one after another."""
    return " ".join([words[index] for index in plan.comments]) if plan.comments else None


def target_of(plan: Plan, words: Sequence[str], is_chain: Callable[[str], bool]) -> Target:
    """What a line does."""
    outline = plan.outline
    if outline.jump is None or outline.target is None:
        return NO_TARGET
    slots = outline.target.slots
    if not outline.target.known:
        return _chain_or_unknown(outline.jump, slots, words, is_chain)
    values = tuple([words[index] for slot in slots for index in slot.indexes])
    found = plan.targets.get(values)
    if found is None:
        try:
            options = _options(outline.target.module, slots, values, plan.family)
            found = target(outline.target.module, options, outline.protocol, plan.family)
        except Unsettled:
            found = OpaqueTarget(outline.target.module, _target_text(outline.target.module, slots, words))
        plan.targets[values] = found
    return found


_SIDES: dict[str, AddressKind] = {"source": SrcAddress, "destination": DstAddress}

_SILENT = frozenset({*_SIDES, "jump", "goto", "basic_inert", "only_ipv4", "only_ipv6", "comment"})
"""Options of which no condition is made, or not here."""

_NOTHING_ALONE = frozenset({"", "tcp", "udp", "sctp", "dccp", "ah", "esp", "ipcomp", "mh"})
"""Matches that without options say no more than the ``-p`` beside them."""


def _steps(group: Group, family: Family) -> list[_Step]:
    counted = [_Step(slot.indexes, _counters, {}) for slot in group.slots if slot.keyword in _COUNTERS]
    return [*counted, *_condition_steps(group, family)]


_COUNTERS = ("-c", "--set-counters")


def _counters(values: tuple[str, ...]) -> None:
    """No condition, but the tool reads the numbers (iptables/xshared.c, ``-c``); ``1,2`` is one word of both."""
    for name, value in zip(("packet", "byte"), values, strict=False):
        if not re.match(r"[+-]?[0-9]", value):  # sscanf, %llu
            raise Refused(f"-c {name} counter not numeric")


def _condition_steps(group: Group, family: Family) -> list[_Step]:
    module = group.module
    several = partial(_several, module, family)
    slots = [slot for slot in group.slots if slot.name not in _SILENT]
    if not _is_whole(group, slots):
        return [
            _Step(slot.indexes, _one(slot, module, family) if is_modelled(slot.name) else several((slot,)), {})
            for slot in slots
        ]
    if not slots and module in _NOTHING_ALONE:
        return []
    return [_Step(tuple(index for slot in slots for index in slot.indexes), several(tuple(slots)), {})]


def _is_whole(group: Group, slots: Sequence[Slot]) -> bool:
    """Whether the options of a match only mean something together."""
    if not slots or not group.known:
        return True
    if group.module in ("addrtype", "set"):
        return any(not is_modelled(slot.name) and slot.keyword not in INERT_OPTIONS for slot in slots)
    return group.module not in ("conntrack", "tcp", "sctp", "dccp") and not all(is_modelled(s.name) for s in slots)


def _one(slot: Slot, module: str, family: Family) -> Callable[[tuple[str, ...]], Condition | None]:
    def make(values: tuple[str, ...]) -> Condition | None:
        try:
            return condition(slot.name, module, slot.negated, values, family)
        except Unsettled:
            return Opaque(module, _text(slot, values))

    return make


def _several(module: str, family: Family, slots: tuple[Slot, ...]) -> Callable[[tuple[str, ...]], Condition | None]:
    def make(values: tuple[str, ...]) -> Condition | None:
        return opaque(module, _options(module, slots, values, family))

    return make


def _options(module: str, slots: Iterable[Slot], values: tuple[str, ...], family: Family) -> tuple[Option, ...]:
    found = []
    start = 0
    for slot in slots:
        end = start + len(slot.indexes)
        check_value(module, slot.keyword, values[start:end], family)
        found.append(Option(slot.keyword, slot.negated, values[start:end]))
        start = end
    check_together(module, {option.keyword: " ".join(option.values) for option in found})
    return tuple(found)


def _addresses(kind: AddressKind, slot: Slot, words: Sequence[str], family: Family) -> list[tuple[Condition, ...]]:
    text = words[slot.indexes[0]]
    try:
        ranges = addresses(text, family)
    except Unsettled:
        return [(Opaque("address", _text(slot, (text,))),)]
    if slot.negated and len(ranges) > 1:
        raise Refused("! not allowed with multiple source or destination IP addresses")
    return [address_condition(kind, part, slot.negated, family) for part in ranges]


def address_condition(kind: AddressKind, ranges: RangeSet, negated: bool, family: Family) -> tuple[Condition, ...]:
    """``-s``/``-d`` as a condition; none for any address."""
    if negated:
        if ranges == ALL_ADDRESSES[family]:
            raise Refused("RULE_APPEND failed (Invalid argument): no address is left")  # legacy loads it
        return (kind(ranges.complement((1 << family.bits) - 1)),)
    if ranges.ranges[0][0] == 0 and ranges == ALL_ADDRESSES[family]:
        return ()
    return (kind(ranges),)


_LIKE_A_TARGET = re.compile("[A-Z][A-Z0-9_]*")


def _chain_or_unknown(
    jump: Slot, foreign: Sequence[Slot], words: Sequence[str], is_chain: Callable[[str], bool]
) -> Target:
    name = words[jump.indexes[0]]
    if jump.name == "goto":
        if foreign:
            raise Refused(f'unknown option "{foreign[0].keyword}"')
        return Goto(name)
    if not foreign and name not in ADDON_TARGETS:
        return Jump(name)
    if is_chain(name):
        if foreign:
            raise Refused(f'unknown option "{foreign[0].keyword}"')
        return Jump(name)
    if name in TARGETS or not _LIKE_A_TARGET.fullmatch(name):
        raise Refused(f'unknown option "{foreign[0].keyword}"')
    return OpaqueTarget(name, _target_text(name, foreign, words))


def _target_text(name: str, slots: Sequence[Slot], words: Sequence[str]) -> str:
    return " ".join([name, *(_text(slot, tuple([words[index] for index in slot.indexes])) for slot in slots)])


def _text(slot: Slot, values: tuple[str, ...]) -> str:
    return " ".join([*(["!"] if slot.negated else []), slot.keyword, *map(quote_word, values)])
