"""Which packets get in: every cell of packets, the line that lets it in, and how sure that is.

Method: cut one axis after another, each time only by the lines still alive, and walk what is left; a part that no line
can accept any more is dropped at once, so the cost follows the distinct bit sets.

Invariant: what is not in a ``Decision`` is refused whatever the unknown matches do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from zimlint.model import FilterRule, Nat, OutInterface, Ruleset
from zimlint.packets import Family, RangeSet
from zimlint.semantics.cells import Axis, axis_universe
from zimlint.semantics.cutting import Cell, Cutter, chosen, met, open_choices, settle, with_products
from zimlint.semantics.hooks import FORWARD, FROM_HOST, INPUT, INTO_HOST, LOOPBACK, OVER_LOOPBACK, UNICAST, Hook, routes
from zimlint.semantics.martians import NOT_FORWARDED
from zimlint.semantics.program import Compiled, Way, interface_names, nat_moves
from zimlint.semantics.runs import split_run
from zimlint.semantics.state import State
from zimlint.semantics.walk import Outcome

MAX_EFFORT = 2_000_000
"""Lines met in all walks together, and 20 for each cell: some seconds. Past it cells stay uncut, and that is said."""


class Moved(NamedTuple):
    """What NAT made of a packet before it was accepted."""

    rule: FilterRule
    forwarded: bool
    """It went to another machine or container: the forward chains decided, INPUT was never asked."""
    ports: RangeSet | None
    addresses: RangeSet | None


class Decision(NamedTuple):
    """A cell of packets that may get in, as they arrive, and the line (or chain default) that lets them."""

    cell: Cell
    interfaces: tuple[str, ...]
    chain: str
    rule: FilterRule | None
    """None: the default of ``chain``, or no chain at all."""
    certain: bool
    """True: a lone packet gets in whatever the unknown matches do."""
    limited: bool
    """True: some unknown match stands in the way that lets a lone packet pass."""
    slowed: bool
    """True: such a match is a rate limit."""
    moved: Moved | None = None
    nameless: bool = False
    """True: only on interfaces that no line names, though lines name others; whether there are any, nobody said."""
    settled: bool = True
    """False: the cell was not cut to the end (``MAX_EFFORT``), so not every packet of it need get in."""


def decide(ruleset: Ruleset, state: str = "NEW", names: tuple[str, ...] = ()) -> tuple[Decision, ...]:
    """The packets that outsiders get into the host (or through it, where NAT sends them on).

    ``names`` are interfaces that stand for all, ``lo`` first, where it has to be more than the ruleset itself names.
    """
    return _decisions(ruleset, Way(INTO_HOST, state), outside=True, names=names)


def decide_loopback(ruleset: Ruleset, state: str = "NEW") -> tuple[Decision, ...]:
    """The packets that the host gets to itself over ``lo``."""
    return _decisions(ruleset, Way(OVER_LOOPBACK, state, loopback=True), outside=False)


def decide_outgoing(ruleset: Ruleset, state: str = "NEW") -> tuple[Decision, ...]:
    """The packets that the host gets out to other machines."""
    return _decisions(ruleset, Way(FROM_HOST, state), outside=True)


def _decisions(ruleset: Ruleset, way: Way, *, outside: bool, names: tuple[str, ...] = ()) -> tuple[Decision, ...]:
    family = ruleset.family
    names = names or interface_names(ruleset)
    domain = {axis: axis_universe(axis, family, names) for axis in Axis}
    domain[Axis.IN] = RangeSet([(1, len(names) - 1)]) if outside else RangeSet([(0, 0)])
    if way.hooks is FROM_HOST:
        domain[Axis.OUT] = domain[Axis.IN]  # what leaves by lo goes nowhere
    addresses = UNICAST[family] if outside else UNICAST[family] | LOOPBACK[family]
    domain[Axis.SOURCE] = domain[Axis.DESTINATION] = domain[Axis.ORIGINAL_DESTINATION] = addresses
    return tuple(_Decider(ruleset, names).decisions(way, domain))


class _Decider:
    """Guards the effort that all ways of one ruleset may take together."""

    def __init__(self, ruleset: Ruleset, names: tuple[str, ...]) -> None:
        self.ruleset, self.names = ruleset, names
        self.cutter = Cutter(ruleset, names)
        self.effort = 0

    def decisions(self, way: Way, domain: Cell, state: State | None = None) -> Iterator[Decision]:
        """All accepted cells of a domain."""
        cutter = self.cutter
        compiled, masks = cutter.compiled(way), cutter.masks(way)
        axes = [axis for axis in Axis if axis in masks]
        waiting: list[tuple[int, int, Cell]] = [(0, compiled.everything, domain)]
        while waiting:
            level, alive, cell = waiting.pop()
            alive = settle(compiled, alive)
            uncut = 0
            for axis in axes[level:]:
                uncut |= masks[axis]
            lines = alive & ~compiled.chosen
            choosing = open_choices(compiled, alive)
            outcome = cutter.walk(way, lines, lines & ~(uncut | compiled.unknown | choosing), state)
            if not outcome.arrives and not outcome.nats:
                continue
            alive &= with_products(compiled, met(outcome))
            while level < len(axes) and not alive & masks[axes[level]]:
                level += 1
            self.effort += 20 + len(outcome.reached)
            if level == len(axes):
                yield from self._leaf(way, chosen(compiled, alive), cell, state)
                continue
            if self.effort > MAX_EFFORT:
                yield self._unsettled(compiled, outcome, cell)
                continue
            axis = axes[level]
            for holds, values in cutter.cut(way, axis, alive & masks[axis]):
                part = values & cell[axis]
                if part:
                    waiting.append((level + 1, alive & ~masks[axis] | holds, {**cell, axis: part}))

    def _unsettled(self, compiled: Compiled, outcome: Outcome, cell: Cell) -> Decision:
        """A cell as it is when the effort is spent: some of its packets may get in."""
        hook, line = _opener(compiled.program.hooks, outcome, False)
        rule = compiled.program.lines[line].rules[0] if line >= 0 else None
        chain = _chain_of(compiled, hook, line)
        return Decision(cell, _names(cell, self.names), chain, rule, False, False, False, settled=False)

    def _leaf(self, way: Way, alive: int, cell: Cell, state: State | None) -> Iterator[Decision]:
        """The decisions of a cell that no line cuts any more; every choice of products is settled here."""
        compiled = self.cutter.compiled(way)
        program = compiled.program
        outcome = self.cutter.walk(way, alive, alive & ~compiled.unknown, state)
        certain, limited, slowed = _sure(outcome), False, False
        lone = outcome
        if any(compiled.unknown >> line & 1 for line in outcome.reached):
            lone = self._walk_lone(way, alive, compiled.unknown, state)
            certain = _sure(lone)
            limited = certain and not _sure(outcome)
            slowed = limited and not _sure(self._walk_lone(way, alive, compiled.unknown & ~compiled.rates, state))
        if outcome.arrives:
            hook, line = _opener(program.hooks, lone if certain else outcome, certain)
            chain = _chain_of(compiled, hook, line)
            rules = program.lines[line].rules if line >= 0 else ()
            for rule, part in split_run(rules, cell):
                yield Decision(part, _names(cell, self.names), chain, rule, certain, limited, slowed)
        for hook, line, changed in outcome.nats:
            rule = program.lines[line].rules[0]
            sure = not outcome.refused and not outcome.arrives and len(outcome.nats) == 1
            yield from self._after_nat(way, hook, rule, changed, cell, sure)

    def _walk_lone(self, way: Way, alive: int, known: int, state: State | None) -> Outcome:
        """The walk of a lone first packet, which settles the matches of these unknown lines."""
        compiled = self.cutter.compiled(way)
        left = alive & ~(compiled.lone_no & known)
        return self.cutter.walk(way, left, left & ~(compiled.unknown & ~(compiled.lone_yes & known)), state)

    def _after_nat(
        self, way: Way, hook: int, rule: FilterRule, state: State, cell: Cell, sure: bool
    ) -> Iterator[Decision]:
        """What becomes of a cell whose destination a NAT line changes: INPUT for the host itself, else FORWARD."""
        target = rule.target
        assert isinstance(target, Nat)
        ports_move, address_moves = nat_moves(target)
        family, addresses = self.ruleset.family, target.addresses
        own = addresses is None or addresses == cell[Axis.DESTINATION]
        forwarded = not own and addresses is not None and not addresses <= LOOPBACK[family]
        if way.loopback and forwarded:
            return
        if not own and not forwarded and not way.loopback and family is Family.IPV4:
            sure = False  # only with route_localnet does a packet from outside get to 127.0.0.1
        rest = way.hooks[hook + 1 :] if way.loopback else FORWARD if forwarded else INPUT
        natted = None if _may_stay(target, cell) else True
        after = Way(rest, way.state, way.loopback, ports_move, address_moves, natted)
        moved = dict(cell)
        moved[Axis.ORIGINAL_DPORT], moved[Axis.ORIGINAL_DESTINATION] = cell[Axis.DPORT], cell[Axis.DESTINATION]
        if target.ports is not None:
            moved[Axis.DPORT] = target.ports
        if target.addresses is not None:
            moved[Axis.DESTINATION] = target.addresses
        elif address_moves:
            moved[Axis.DESTINATION] = UNICAST[self.ruleset.family]
        if forwarded:
            moved[Axis.SOURCE] = cell[Axis.SOURCE] - NOT_FORWARDED[family]
            for network, name in routes(self.ruleset):
                if moved[Axis.DESTINATION] <= network and name in self.names:
                    moved[Axis.OUT] = RangeSet([(self.names.index(name),) * 2])
            sure = sure and (moved[Axis.OUT].size() == 1 or not self._asks_out(after))
        for decision in self.decisions(after, moved, state):
            inside = dict(decision.cell)
            ports, addresses = inside[Axis.DPORT], inside[Axis.DESTINATION]
            # of several places that NAT may choose, a decision speaks of some
            whole = (not ports_move or moved[Axis.DPORT] <= ports) and (
                not address_moves or moved[Axis.DESTINATION] <= addresses
            )
            if ports_move:
                inside[Axis.DPORT] = inside[Axis.ORIGINAL_DPORT]
            inside[Axis.DESTINATION] = inside[Axis.ORIGINAL_DESTINATION] if address_moves else addresses
            inside[Axis.ORIGINAL_DPORT], inside[Axis.ORIGINAL_DESTINATION] = cell[Axis.DPORT], cell[Axis.DESTINATION]
            yield Decision(
                inside, decision.interfaces, decision.chain, decision.rule, decision.certain and sure and whole,
                decision.limited, decision.slowed, Moved(rule, forwarded, ports, addresses if address_moves else None),
            )  # fmt: skip

    def _asks_out(self, way: Way) -> bool:
        if not self.cutter.has(way):
            return any(
                isinstance(condition, OutInterface)
                for hook in way.hooks
                for chain in self.ruleset.tables.get(hook.table, {}).values()
                for rule in chain.rules
                for condition in rule.conditions
            )
        return Axis.OUT in self.cutter.masks(way)


def _sure(outcome: Outcome) -> bool:
    """All of the packets pass; those that NAT sends elsewhere may be refused there."""
    return outcome.arrives and not outcome.refused and not outcome.nats


def _may_stay(target: Nat, cell: Cell) -> bool:
    """Whether a NAT target may leave a packet's destination as it was; the packet does not count as translated then."""
    port = target.ports is None or bool(target.ports & cell[Axis.DPORT])
    return port and (target.addresses is None or bool(target.addresses & cell[Axis.DESTINATION]))


def _opener(hooks: tuple[Hook, ...], outcome: Outcome, certain: bool) -> tuple[int, int]:
    """The line that a reader would say lets packets in: of the last filter chain, the first that may, or the one that
    does in any case."""
    best = (-1, -1)
    for hook, line in outcome.accepts:
        if hooks[hook].table == "filter" and (hook > best[0] or (certain and hook == best[0])):
            best = (hook, line)
    return best


def _chain_of(compiled: Compiled, hook: int, line: int) -> str:
    if hook < 0:
        return next((h.chain for h in compiled.program.hooks if h.table == "filter"), "INPUT")
    if line < 0:
        return compiled.program.codes[-1 - line].name
    return next(code.name for code in compiled.program.codes if code.start <= line < code.end)


def _names(cell: Cell, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for number, name in enumerate(names) if number in cell[Axis.IN])
