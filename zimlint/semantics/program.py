"""Flattening a ruleset into a program: every line a bit, every match a constraint on one axis.

Lines that cannot hold or cannot matter (LOG) are left out. A run of consecutive lines that differ only in the source
and share a target becomes one line with many sources, so a ban list costs one bit.

Invariant: bit *k* stands for line *k*; the bits above the lines are the products of the matches that offer a choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from zimlint.model import (
    Chain,
    Condition,
    CtDirection,
    CtOriginal,
    Decide,
    FilterRule,
    Goto,
    Inert,
    InInterface,
    Jump,
    Nat,
    Notrack,
    Opaque,
    OutInterface,
    Return,
    Ruleset,
    SetMark,
    SrcAddress,
    Target,
)  # fmt: skip
from zimlint.packets import RangeSet
from zimlint.semantics.cells import Ask, Axis, OneOf, Product, Setting, Unknown, Within, representatives, value
from zimlint.semantics.hooks import FIRST_OF_FLOW, Hook, conntrack_in_use
from zimlint.semantics.sets import interfaces_in
from zimlint.semantics.walk import Code, Line, Program

RATE_LIMITS = ("limit", "hashlimit", "connlimit", "recent", "rateest")
"""Matches that count packets or connections, so that the first one of a guest passes (man iptables-extensions)."""


class Choice(NamedTuple):
    """A line's choice between products, each a bit of its own."""

    bits: int
    negated: bool


class Compiled(NamedTuple):
    """A program and what decides which of its lines are alive in a cell."""

    program: Program
    names: tuple[str, ...]
    constraints: dict[Axis, dict[int, RangeSet]]
    """For each axis the bits that it constrains, and to what."""
    choices: dict[int, tuple[Choice, ...]]
    chosen: int
    """All bits that stand for products."""
    unknown: int
    """Lines with a match that nobody can settle."""
    lone_yes: int
    """Of those, the ones whose unknown matches all hold for a lone first packet."""
    lone_no: int
    """Of those, the ones with a match that fails for a lone first packet."""
    rates: int
    """Of those, the ones that count packets or connections."""
    everything: int


class Way(NamedTuple):
    """Which way through the kernel is asked about, and what has already happened to the packet."""

    hooks: tuple[Hook, ...]
    state: str = "NEW"
    loopback: bool = False
    moved_ports: bool = False
    moved_address: bool = False
    natted: bool | None = False
    """None: NAT may have left the destination as it was."""
    any_packet: bool = False
    """Any packet is asked about, not only the first one of a connection to an address of the host."""


def interface_names(ruleset: Ruleset) -> tuple[str, ...]:
    """Interfaces that stand for all that the ruleset can tell apart; ``lo`` is number 0."""
    return representatives(interface_patterns(ruleset))


def interface_patterns(ruleset: Ruleset) -> tuple[str, ...]:
    """Every ``-i`` and ``-o``, and the interfaces that stand in sets."""
    patterns = [
        condition.pattern
        for chains in ruleset.tables.values()
        for chain in chains.values()
        for rule in chain.rules
        for condition in rule.conditions
        if isinstance(condition, (InInterface, OutInterface))
    ]
    return (*patterns, *(name for held in ruleset.sets.values() for name in interfaces_in(held)))


def compile_way(ruleset: Ruleset, way: Way, names: tuple[str, ...]) -> Compiled:
    """The program of one way through the kernel."""
    compiler = _Compiler(ruleset, way, names)
    bases = tuple(compiler.base(number, hook) for number, hook in enumerate(way.hooks))
    return compiler.finish(bases)


def reachable(base: Chain, chains: Mapping[str, Chain]) -> list[str]:
    """The base chain and all that it jumps to, directly or not, in the order of the first mention."""
    order = {base.name: None}
    waiting = [base]
    while waiting:
        for rule in waiting.pop().rules:
            if isinstance(rule.target, (Jump, Goto)) and rule.target.chain not in order:
                called = chains.get(rule.target.chain)
                if called is not None:
                    order[called.name] = None
                    waiting.append(called)
    return list(order)


class _Compiler:
    """Guards the numbering: chains of one hook are numbered as they are met, their lines lie together."""

    def __init__(self, ruleset: Ruleset, way: Way, names: tuple[str, ...]) -> None:
        self.ruleset, self.way, self.names = ruleset, way, names
        self.codes: list[Code] = []
        self.lines: list[Line] = []
        self.constraints: dict[Axis, dict[int, RangeSet]] = {}
        self.pending: list[tuple[int, OneOf]] = []
        self.unknown: list[int] = []
        self.lone_yes: list[int] = []
        self.lone_no: list[int] = []
        self.rates: list[int] = []
        targets = [rule.target for chains in ruleset.tables.values() for c in chains.values() for rule in c.rules]
        self.notrack = any(isinstance(target, Notrack) for target in targets)
        self.marks = any(isinstance(target, (SetMark, Notrack)) for target in targets)

    def base(self, number: int, hook: Hook) -> int | None:
        """Compile a hook's base chain and every chain that it can reach; its number, None where it is not there."""
        chains = self.ruleset.tables.get(hook.table, {})
        if hook.chain not in chains:
            return None
        order = reachable(chains[hook.chain], chains)
        known = {name: len(self.codes) + place for place, name in enumerate(order)}
        setting = Setting(
            self.ruleset.family, self.way.state, hook, self.names, self.ruleset.sets, self.way.loopback, self.notrack,
            self.way.moved_ports, self.way.moved_address, self.way.natted, self.way.any_packet,
        )  # fmt: skip
        for name in order:
            start = len(self.lines)
            for rules, conditions, sources in self._runs(chains[name].rules):
                self._line(rules, conditions, sources, setting, known)
            self.codes.append(Code(name, number, start, len(self.lines), chains[name].default))
        return known[hook.chain]

    def _runs(
        self, rules: tuple[FilterRule, ...]
    ) -> Iterable[tuple[list[FilterRule], tuple[Condition, ...], RangeSet | None]]:
        """Consecutive lines that differ only in the source, merged; their conditions without it, and all sources."""
        run: list[FilterRule] = []
        pieces: list[tuple[int, int]] = []
        shared: tuple[tuple[Condition, ...], Target] | None = None
        for rule in rules:
            if isinstance(rule.target, Inert):
                continue
            sources = [c for c in rule.conditions if isinstance(c, SrcAddress)]
            mergeable = len(sources) == 1 and (
                isinstance(rule.target, (Decide, Return)) or (isinstance(rule.target, Jump) and not self.marks)
            )
            key = (tuple([c for c in rule.conditions if not isinstance(c, SrcAddress)]), rule.target)
            if not mergeable or key != shared:
                if run:
                    yield self._run(run, shared, pieces)
                run, pieces, shared = [], [], None
            if not mergeable:
                yield [rule], rule.conditions, None
                continue
            run.append(rule)
            pieces += sources[0].addresses.ranges
            shared = key
        if run:
            yield self._run(run, shared, pieces)

    @staticmethod
    def _run(
        run: list[FilterRule], shared: tuple[tuple[Condition, ...], Target] | None, pieces: list[tuple[int, int]]
    ) -> tuple[list[FilterRule], tuple[Condition, ...], RangeSet | None]:
        return run, shared[0] if shared else (), RangeSet(pieces)

    def _line(
        self, rules: list[FilterRule], conditions: tuple[Condition, ...], sources: RangeSet | None, setting: Setting,
        known: dict[str, int],
    ) -> None:  # fmt: skip
        product: dict[Axis, RangeSet] = {} if sources is None else {Axis.SOURCE: sources}
        asks: list[Ask] = []
        choices: list[OneOf] = []
        lone: bool | None = True
        unknown = False
        for condition in conditions:
            held = value(condition, setting)
            if self.notrack and isinstance(condition, (CtOriginal, CtDirection)):
                asks.append(Ask(condition))
            match held:
                case False:
                    return
                case True:
                    pass
                case Within(axis, values):
                    product[axis] = product[axis] & values if axis in product else values
                    if not product[axis]:
                        return
                case OneOf():
                    choices.append(held)
                case Ask():
                    asks.append(held)
                case Unknown():
                    unknown = True
                    lone = False if held.lone is False or lone is False else (None if held.lone is None else lone)
        bit = len(self.lines)
        target = rules[0].target
        chain = known.get(target.chain, -1) if isinstance(target, (Jump, Goto)) else -1
        self.lines.append(Line(rules, tuple(asks), target, chain))
        for axis, values in product.items():
            self.constraints.setdefault(axis, {})[bit] = values
        self.pending += [(bit, choice) for choice in choices]
        if unknown:
            self.unknown.append(bit)
            (self.lone_yes if lone else self.lone_no if lone is False else []).append(bit)
            if any(isinstance(condition, Opaque) and _limits_rate(condition) for condition in conditions):
                self.rates.append(bit)

    def finish(self, bases: tuple[int | None, ...]) -> Compiled:
        """The compiled program; the products of choices get the bits above the lines."""
        bit = width = len(self.lines)
        choices: dict[int, tuple[Choice, ...]] = {}
        for line, choice in self.pending:
            bits = 0
            for product in choice.products:
                self._constrain(bit, product)
                bits |= 1 << bit
                bit += 1
            choices[line] = (*choices.get(line, ()), Choice(bits, choice.negated))
        program = Program(
            self.way.hooks, bases, tuple(self.codes), tuple(self.lines), self.way.state, self.way.natted,
            self.way.state in FIRST_OF_FLOW and conntrack_in_use(self.ruleset),
        )  # fmt: skip
        return Compiled(
            program, self.names, self.constraints, choices, (1 << bit) - (1 << width), _bits(self.unknown),
            _bits(self.lone_yes), _bits(self.lone_no), _bits(self.rates), (1 << bit) - 1,
        )  # fmt: skip

    def _constrain(self, bit: int, product: Product) -> None:
        for axis, values in product.items():
            self.constraints.setdefault(axis, {})[bit] = values


def _limits_rate(condition: Opaque) -> bool:
    """Whether a match holds guests back by how much they do; ``recent`` without a count is a list of the banned."""
    return condition.module in RATE_LIMITS and (condition.module != "recent" or "--hitcount" in condition.text)


def _bits(numbers: Iterable[int]) -> int:
    result = 0
    for number in numbers:
        result |= 1 << number
    return result


def nat_moves(target: Nat) -> tuple[bool, bool]:
    """Whether a NAT target changes the destination port, and the address."""
    return target.ports is not None, target.addresses is not None or target.name == "REDIRECT"
