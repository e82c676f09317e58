"""The tables of one family while rule files are loaded one after another: what the kernel would hold.

Each method is one iptables command and raises ``Refused``, in the words of iptables-nft 1.8.9, where iptables would
refuse it.
Invariant: every chain that a line jumps to exists, and a line is only ever in a chain that exists.
Invariant: a built-in chain has a default at all times, a user chain never has one.
"""

from __future__ import annotations

from zimlint.model import Chain, FilterRule, Goto, Jump, Verdict
from zimlint.packets import Family
from zimlint.source import Span

BUILT_IN = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}
"""The tables and the chains that each has from the start (man iptables, TABLES)."""

NAT_DROPS = 'The "nat" table is not intended for filtering, the use of DROP is therefore inhibited.'
_NO_SUCH = "No chain/target/match by that name."


class Refused(Exception):  # noqa: N818
    """iptables would not do this. ``check`` is the id of the check that reports it."""

    def __init__(self, message: str, check: str = "unreadable-line") -> None:
        super().__init__(message)
        self.message = message
        self.check = check


class _Chain:
    """One chain under construction."""

    __slots__ = ("default", "rules", "span")

    def __init__(self, default: Verdict | None, span: Span | None) -> None:
        self.default = default
        self.span = span
        self.rules: list[FilterRule] = []

    def copy(self) -> _Chain:
        other = _Chain(self.default, self.span)
        other.rules = list(self.rules)
        return other


class TableStore:
    """The tables of one family, changed one command at a time."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self._tables: dict[str, dict[str, _Chain]] = {}
        self._remembered: dict[str, dict[str, _Chain]] = {}

    def tables(self) -> dict[str, dict[str, Chain]]:
        """The tables that were named so far, frozen: chains in file order, then the built-in ones nobody named."""
        frozen = {}
        for table, chains in self._tables.items():
            for name in BUILT_IN[table]:
                chains.setdefault(name, _Chain(Verdict.ACCEPT, None))
            frozen[table] = {
                name: Chain(name, chain.default, tuple(chain.rules), chain.span) for name, chain in chains.items()
            }
        return frozen

    def has_chain(self, table: str, chain: str) -> bool:
        """Whether a line could go into that chain now."""
        return chain in self._tables.get(table, ()) or chain in BUILT_IN.get(table, ())

    def check_chain(self, table: str, chain: str, index: int) -> None:
        """``-Z CHAIN index``, which changes nothing that we keep; 0 is the whole chain."""
        if not self.has_chain(table, chain):
            raise Refused("Bad built-in chain name.")
        if index > len(self._lines(table, chain, None)):
            raise Refused(_NO_SUCH)

    def open_table(self, table: str) -> None:
        """``*table`` of ``iptables-restore -n``: the table exists from now on, with what it has."""
        if table not in BUILT_IN:
            raise Refused(f"table name '{table}' invalid", "not-loaded")
        self._tables.setdefault(table, {})

    def flush_table(self, table: str) -> None:
        """``*table`` of iptables-restore: nothing of an earlier block is left (legacy keeps defaults)."""
        self.open_table(table)
        self._tables[table] = {}

    def remember(self, table: str) -> None:
        """What the table holds now is what ``take_back`` gives."""
        self._remembered[table] = {name: chain.copy() for name, chain in self._tables[table].items()}

    def take_back(self, table: str) -> None:
        """All that was done to the table since it was last remembered."""
        self._tables[table] = self._remembered.pop(table)

    def declare(self, table: str, chain: str, default: Verdict | None, span: Span) -> None:
        """``:CHAIN DEFAULT``: a user chain starts (again) empty; the default counts for a built-in chain only."""
        if chain in BUILT_IN[table]:
            entry = self._built_in(table, chain)
            entry.default = default or entry.default
            entry.span = span
        else:
            # assigning to a known key keeps its place; nft flushes a chain that is declared again
            self._tables[table][chain] = _Chain(None, span)

    def append(self, table: str, chain: str, rule: FilterRule) -> None:
        """``-A``."""
        self._lines(table, chain, rule).append(rule)

    def insert(self, table: str, chain: str, index: int, rule: FilterRule) -> None:
        """``-I CHAIN index``; the first line has index 1."""
        rules = self._lines(table, chain, rule)
        if index > len(rules) + 1:
            raise Refused("Index of insertion too big.")
        rules.insert(index - 1, rule)

    def replace_at(self, table: str, chain: str, index: int, rule: FilterRule) -> None:
        """``-R CHAIN index``."""
        rules = self._lines(table, chain, rule)
        if index > len(rules):
            raise Refused(_NO_SUCH)
        rules[index - 1] = rule

    def delete_at(self, table: str, chain: str, index: int) -> None:
        """``-D CHAIN index``."""
        rules = self._lines(table, chain, None)
        if index > len(rules):
            raise Refused(_NO_SUCH)
        del rules[index - 1]

    def delete_like(self, table: str, chain: str, rule: FilterRule) -> None:
        """``-D CHAIN specification``: the first line that says the same."""
        del self._lines(table, chain, None)[self._place(table, chain, rule)]

    def check_like(self, table: str, chain: str, rule: FilterRule) -> None:
        """``-C CHAIN specification``."""
        self._place(table, chain, rule)

    def set_default(self, table: str, chain: str, default: Verdict, span: Span) -> None:
        """``-P``."""
        if chain not in BUILT_IN[table]:
            raise Refused("Bad built-in chain name.")
        if table == "nat" and default is Verdict.DROP:
            raise Refused(NAT_DROPS)
        entry = self._built_in(table, chain)
        entry.default = default
        entry.span = span

    def zero(self, table: str, chain: str | None, span: Span) -> None:
        """``-Z`` in a table that is filled anew: nft writes these chains once more, and without their defaults."""
        for name in (chain,) if chain else BUILT_IN[table]:
            if name in BUILT_IN[table] and name in self._tables.get(table, ()):
                self.set_default(table, name, Verdict.ACCEPT, span)

    def new_chain(self, table: str, chain: str, span: Span) -> None:
        """``-N``."""
        if self.has_chain(table, chain):
            raise Refused("Chain already exists.")
        self._tables[table][chain] = _Chain(None, span)

    def flush_chain(self, table: str, chain: str | None) -> None:
        """``-F``, of one chain or of all."""
        if chain is None:
            for entry in self._tables[table].values():
                entry.rules.clear()
        else:
            self._lines(table, chain, None).clear()

    def delete_chain(self, table: str, chain: str | None) -> None:
        """``-X``, of one user chain or of all; it must be empty and no line may name it."""
        chains = self._tables[table]
        doomed = [name for name in chains if name not in BUILT_IN[table]] if chain is None else [chain]
        named = {
            rule.target.chain
            for entry in chains.values()
            for rule in entry.rules
            if isinstance(rule.target, Jump | Goto)
        }
        for name in doomed:
            if name not in chains or name in BUILT_IN[table]:
                raise Refused(_NO_SUCH)
            if chains[name].rules or name in named:
                raise Refused(f"CHAIN_DEL failed (Device or resource busy): chain {name}")
        for name in doomed:
            del chains[name]

    def _place(self, table: str, chain: str, rule: FilterRule) -> int:
        for index, other in enumerate(self._lines(table, chain, None)):
            if (other.conditions, other.target, other.comment) == (rule.conditions, rule.target, rule.comment):
                return index
        raise Refused("Bad rule (does a matching rule exist in that chain?).")

    def _lines(self, table: str, chain: str, rule: FilterRule | None) -> list[FilterRule]:
        entry = self._tables[table].get(chain)
        if entry is None:
            if chain not in BUILT_IN[table]:
                raise Refused(_NO_SUCH, "undefined-chain")
            entry = self._built_in(table, chain)
        if rule is not None:
            target = rule.target
            if isinstance(target, (Jump, Goto)):
                if target.chain in BUILT_IN[table]:
                    raise Refused(f"RULE_APPEND failed (Operation not supported): rule in chain {chain}")
                if target.chain not in self._tables[table]:
                    raise Refused(f"Chain '{target.chain}' does not exist", "undefined-chain")
        return entry.rules

    def _built_in(self, table: str, chain: str) -> _Chain:
        return self._tables[table].setdefault(chain, _Chain(Verdict.ACCEPT, None))
