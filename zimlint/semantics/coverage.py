"""Lines that no packet reaches: on every way through the kernel, lines before them decide all that they name.

Method: cells are cut axis by axis as for ``decide``, but a part is left as soon as no line that is still unproven can
be met in it. What is met at the end of some part is proven alive; what is left after all ways is dead.

Invariant: a line that some unknown match may let a packet through to is never called dead.
Invariant: past the effort nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

from zimlint.model import (
    CtState,
    Decide,
    FilterRule,
    Goto,
    Jump,
    Nat,
    Notrack,
    OpaqueTarget,
    Queue,
    Return,
    Ruleset,
    SrcAddress,
)
from zimlint.semantics.calls import calls_alone, kept_lines, leading_to
from zimlint.semantics.cells import Axis, state_holds
from zimlint.semantics.cutting import Cell, Cutter, chosen, met, open_choices, settle, with_products
from zimlint.semantics.hooks import Hook
from zimlint.semantics.program import Compiled, Way, interface_names, reachable
from zimlint.semantics.runs import first_lines
from zimlint.semantics.walk import Outcome
from zimlint.semantics.ways import UNMARKED, Journey, journeys

MAX_EFFORT = 120_000
"""Lines met in all walks together, 20 for each walk, one for each cell: part of a second. Past it nothing is said."""
MAX_PARTS = 40
"""Parts of what one line names that are looked at, of each way."""

LONG = 500
"""Lines of a chain that is worth shortening."""
DECIDING = (Decide, Nat, Queue, OpaqueTarget)
"""Targets that may end a packet's way."""
LEAVING = (Return, Goto)
"""Targets that end its way through a chain."""

Place = tuple[str, str, FilterRule]
"""A line with its table and its chain."""


class Coverage:
    """Guards the effort that one ruleset may take, and what is proven so far."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self.names = interface_names(ruleset)
        self.cutter = Cutter(ruleset, self.names)
        self.journeys = tuple(journeys(ruleset, self.names))
        self.effort = 0
        self._holding: set[int] = set()
        self._bits: dict[Way, dict[int, int]] = {}
        self._chains: dict[tuple[Hook, ...], frozenset[tuple[str, str]]] = {}
        self._homes_of: dict[int, set[tuple[str, str]]] = {}
        self._leaving: dict[tuple[str, str], set[int]] = {}
        self._notrack = any(
            isinstance(rule.target, Notrack) for chain in ruleset.tables.get("raw", {}).values() for rule in chain.rules
        )

    @property
    def spent(self) -> bool:
        """Whether the effort is used up, so that nothing more can be proven."""
        return self.effort > MAX_EFFORT

    def unreached(
        self, places: Iterable[Place], sift: Callable[[Collection[int]], Collection[int]] | None = None
    ) -> tuple[Place, ...]:
        """Those of the lines that no packet reaches, though their chain is called; none where the effort is spent.

        ``sift`` is asked once, by identity, which of the few lines that are not reached at once are worth more effort.
        """
        unproven = {id(place[2]): place for place in places}
        called: set[tuple[str, str]] = set()
        for journey in self.journeys:
            chains = self._chains_of(journey.way.hooks)
            called |= chains
            asked = [p[2] for p in unproven.values() if p[:2] in chains and self._may_hold(p, journey.way)]
            for rule in self._proven(journey, asked, sift is not None and self._is_long) if asked else ():
                unproven.pop(id(rule), None)
            if self.spent:
                return ()
            if sift is not None:
                unproven = {key: unproven[key] for key in sift(unproven)}
                sift = None
                if self._is_long:
                    shorter = self._shortened(unproven)
                    left = shorter.unreached(unproven.values())
                    self._holding |= shorter._holding
                    self.effort += shorter.effort
                    return () if self.spent else left
        return tuple(place for place in unproven.values() if place[:2] in called)

    def excluded(self, rule: FilterRule) -> bool:
        """Whether the matches of an unreached line exclude each other on every way that leads to its chain."""
        return id(rule) not in self._holding

    def parts(self, rule: FilterRule) -> Iterator[tuple[Journey, Cell, Outcome]]:
        """What a line names, cut to the end, and what happens to it."""
        for journey in self._own(rule):
            compiled = self.cutter.compiled(journey.way)
            bits = self.bits(journey.way)[id(rule)]
            leaves = self.leaves(journey, compiled.everything, [bits], with_products(compiled, bits))
            for cell, _, outcome in islice(leaves, MAX_PARTS):
                yield journey, cell, outcome

    def dead_behind(self, place: Place, others: Sequence[FilterRule]) -> bool:
        """Whether a line would be dead if these were the only ones beside it that decide, or lead out of its chain.

        False past the effort.
        """
        kept = {id(place[2]), *map(id, others)}
        outside = self.leaving(place)
        alone = Coverage(
            kept_lines(
                self.ruleset,
                lambda r: id(r) in kept or not (isinstance(r.target, DECIDING) or id(r) in outside),
            )
        )
        return place in alone.unreached([place])

    def leaving(self, place: Place) -> Collection[int]:
        """The lines, by identity, that lead out of the chain of a line, or out of one that leads there."""
        table, chain, _ = place
        if (table, chain) not in self._leaving:
            above = leading_to(chain, self.ruleset.tables[table])
            self._leaving[table, chain] = {
                id(rule)
                for name in above
                for rule in self.ruleset.tables[table][name].rules
                if isinstance(rule.target, Return) or (isinstance(rule.target, Goto) and rule.target.chain not in above)
            }
        return self._leaving[table, chain]

    def shut_out(self, place: Place) -> bool:
        """Whether the lines that lead to the chain of a line leave it nothing, by what they ask for alone."""
        table, chain, rule = place
        if self.ruleset.tables[table][chain].default is not None:
            return False
        alone = Coverage(calls_alone(self.ruleset, rule))
        return place in alone.unreached([place])

    def bits(self, way: Way) -> dict[int, int]:
        """For each line of a way's program, by identity, its bits."""
        if way not in self._bits:
            found: dict[int, int] = {}
            for bit, line in enumerate(self.cutter.compiled(way).program.lines):
                for rule in line.rules:
                    found[id(rule)] = found.get(id(rule), 0) | 1 << bit
            self._bits[way] = found
        return self._bits[way]

    def _proven(self, journey: Journey, asked: Sequence[FilterRule], hasty: bool) -> Iterator[FilterRule]:
        """The lines that some packet of a way reaches; hasty: a long list is looked at once and not for each part."""
        compiled = self.cutter.compiled(journey.way)
        ids = set(map(id, asked))
        left: dict[int, set[int]] = {}
        for bit, line in enumerate(compiled.program.lines):
            held = ids.intersection(map(id, line.rules))
            if held:
                left[bit] = held
                self._holding |= held
        if not left:
            return
        wanted = [sum(1 << bit for bit in left)]
        for cell, _, outcome in self.leaves(journey, compiled.everything, wanted, 0):
            for bit in outcome.reached:
                if wanted[0] >> bit & 1:
                    for rule in met_of(compiled, bit, cell):
                        yield rule
                        left[bit].discard(id(rule))
                    if not left[bit] or (hasty and len(compiled.program.lines[bit].rules) > LONG):
                        wanted[0] &= ~(1 << bit)

    def leaves(self, journey: Journey, start: int, wanted: list[int], kept: int) -> Iterator[tuple[Cell, int, Outcome]]:
        """The parts in which a wanted line is met, or is alive and kept, cut to the end; ``wanted`` may shrink."""
        way = journey.way
        compiled, masks = self.cutter.compiled(way), self.cutter.masks(way)
        axes = [axis for axis in Axis if axis in masks]
        waiting: list[tuple[int, int, Cell]] = [(0, start, journey.domain)]
        while waiting and not self.spent:
            level, alive, cell = waiting.pop()
            self.effort += 1
            alive = settle(compiled, alive)
            lines = alive & ~compiled.chosen
            if not lines & wanted[0]:
                continue
            uncut = 0
            for axis in axes[level:]:
                uncut |= masks[axis]
            doubtful = uncut | compiled.unknown | open_choices(compiled, alive)
            outcome = self.cutter.walk(way, lines, lines & ~doubtful, UNMARKED)
            self.effort += 20 + len(outcome.reached)
            held = met(outcome) | kept
            if not held & lines & wanted[0]:
                continue
            alive &= with_products(compiled, held)
            while level < len(axes) and not alive & masks[axes[level]]:
                level += 1
            if level == len(axes):
                ended = chosen(compiled, alive)
                if ended & wanted[0]:
                    yield cell, ended, self.cutter.walk(way, ended, ended & ~compiled.unknown, UNMARKED)
                continue
            axis = axes[level]
            for holds, values in self.cutter.cut(way, axis, alive & masks[axis]):
                part = values & cell[axis]
                if part:
                    waiting.append((level + 1, alive & ~masks[axis] | holds, {**cell, axis: part}))

    def _own(self, rule: FilterRule) -> Iterator[Journey]:
        """The ways that a line may be met on, with no packets but those that it names."""
        sources = [condition.addresses for condition in rule.conditions if isinstance(condition, SrcAddress)]
        for journey in self.journeys:
            if self._chains_of(journey.way.hooks).isdisjoint(self._homes(rule)):
                continue
            held = self.bits(journey.way).get(id(rule), 0)
            if not held:
                continue
            compiled, domain = self.cutter.compiled(journey.way), dict(journey.domain)
            for axis, constrained in compiled.constraints.items():
                asked = [constrained.get(bit) for bit in numbers(held)]
                if asked[0] is not None and all(one == asked[0] for one in asked):
                    domain[axis] = domain[axis] & asked[0]
            for addresses in sources:
                domain[Axis.SOURCE] = domain[Axis.SOURCE] & addresses
            if all(domain.values()):
                yield Journey(journey.way, domain)

    @property
    def _is_long(self) -> bool:
        return any(len(chain.rules) > LONG for chain in self.ruleset.tables.get("filter", {}).values())

    def _shortened(self, unproven: Collection[int]) -> Coverage:
        """The same without the ends of long built-in chains, behind the last line that matters.

        A ban list of 100,000 lines has not to be looked at again for the two lines before it.
        """
        chains = dict(self.ruleset.tables.get("filter", {}))
        for name, chain in chains.items():
            if chain.default is not None and len(chain.rules) > LONG and "security" not in self.ruleset.tables:
                matters = (id(r) in unproven or isinstance(r.target, (Jump, Goto)) for r in reversed(chain.rules))
                behind = next((place for place, one in enumerate(matters) if one), len(chain.rules))
                chains[name] = chain._replace(rules=chain.rules[: len(chain.rules) - behind])
        return Coverage(self.ruleset._replace(tables={**self.ruleset.tables, "filter": chains}))

    def _homes(self, rule: FilterRule) -> set[tuple[str, str]]:
        """The chains that hold a line; it is one object in one of them."""
        key = id(rule)
        if key not in self._homes_of:
            self._homes_of[key] = {
                (table, chain.name)
                for table, chains in self.ruleset.tables.items()
                for chain in chains.values()
                if any(held is rule for held in chain.rules)
            }
        return self._homes_of[key]

    def _chains_of(self, hooks: tuple[Hook, ...]) -> frozenset[tuple[str, str]]:
        if hooks not in self._chains:
            self._chains[hooks] = frozenset(
                (hook.table, name)
                for hook in hooks
                if hook.chain in (chains := self.ruleset.tables.get(hook.table, {}))
                for name in reachable(chains[hook.chain], chains)
            )
        return self._chains[hooks]

    def _may_hold(self, place: Place, way: Way) -> bool:
        """Whether the states that a line names allow that of a way; what raw sees has no state yet."""
        table, _, rule = place
        return (
            table == "raw"
            or self._notrack
            or not any(
                isinstance(condition, CtState) and state_holds(condition, way.state, None) is False
                for condition in rule.conditions
            )
        )


def met_of(compiled: Compiled, bit: int, cell: Cell) -> Iterator[FilterRule]:
    """The lines of a merged run that packets of a cell meet."""
    line = compiled.program.lines[bit]
    if len(line.rules) < 2:
        yield line.rules[0]
    elif isinstance(line.target, Decide) and not compiled.unknown >> bit & 1 and not line.asks:
        yield from first_lines(line.rules, cell)
    else:
        for rule in line.rules:
            if all(c.addresses & cell[Axis.SOURCE] for c in rule.conditions if isinstance(c, SrcAddress)):
                yield rule


def numbers(bits: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
