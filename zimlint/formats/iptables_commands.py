"""Scripts of ``iptables``, ``ip6tables`` and ``ipset`` commands: what they leave, command after command.

Invariant: a command that is not evaluated, or that the tool refuses, is a Problem and changes nothing.
Invariant: only a script that empties INPUT and sets its policy, and is read to the end, stands for the whole firewall.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zimlint.formats.commands import Block
from zimlint.formats.ipset_save import read_ipset_save
from zimlint.formats.shell_lines import Line, firewall_lines
from zimlint.formats.tables import Refused, TableStore
from zimlint.formats.words import quote_word
from zimlint.model import Chain, IpSet, Problem, Ruleset, Verdict, View
from zimlint.packets import Family
from zimlint.source import Source


def read_iptables_commands(source: Source) -> tuple[tuple[Ruleset, ...], tuple[Problem, ...]]:
    """A ruleset for each family that the script is about."""
    return carry_out(source, firewall_lines(source))


def carry_out(
    source: Source, lines: Iterable[Line], *, whole: bool = True
) -> tuple[tuple[Ruleset, ...], tuple[Problem, ...]]:
    """What commands leave, one after the other; without ``whole`` others are known to have run, too."""
    reader = _Reader()
    for line in lines:
        reader.run(line)
    unread = len(reader.problems)
    sets = reader.sets(source)
    found: list[Ruleset] = []
    for family, store in reader.stores.items():
        known = whole and not unread and (family, "INPUT") in reader.defaults & reader.flushed
        view: View = "dump" if known else "fragment"
        tables = {
            table: {name: reader.chain(family, table, chain, view) for name, chain in chains.items()}
            for table, chains in store.tables().items()
        }
        found.append(Ruleset(family, view, source, tables, sets=sets, unread_lines=unread if not found else 0))
    return tuple(found), tuple(reader.problems)


_FAMILIES = {"iptables": Family.IPV4, "ip6tables": Family.IPV6}
_LOOKS = frozenset({"-L", "--list", "-S", "--list-rules", "-C", "--check", "-V", "--version", "-h", "--help"})
_QUIET = frozenset({"-v", "--verbose", "-n", "--numeric", "--line-numbers"})
_WAITS = frozenset({"-w", "--wait", "-W", "--wait-interval"})
_TABLE = ("-t", "--table")
_TEXTS = frozenset({"--comment", "--log-prefix", "--nflog-prefix"})
"""Their values may look like options."""


class _Reader:
    """The tables while the commands run."""

    def __init__(self) -> None:
        self.stores: dict[Family, TableStore] = {}
        self.problems: list[Problem] = []
        self.defaults: set[tuple[Family, str]] = set()
        self.flushed: set[tuple[Family, str]] = set()
        self._blocks: dict[tuple[Family, str], Block] = {}
        self._sets: dict[int, str] = {}

    def run(self, line: Line) -> None:
        """The next command."""
        tool = line.words[0].rpartition("/")[2].removesuffix("-nft").removesuffix("-legacy")
        reason = line.unsure
        if not reason and tool == "ipset":
            self._sets[line.span.line] = " ".join(map(quote_word, line.words[1:]))
            return
        if not reason and tool not in _FAMILIES:
            reason = f"{tool} is not followed in a script of iptables commands"
        words, table = _plain(line.words[1:])
        if reason or not words or not _LOOKS.isdisjoint(words[:1]):
            if reason:
                self._not_evaluated(line, reason)
            return
        if line.refused:
            self.problems.append(Problem("unreadable-line", line.refused, line.span))
            return
        try:
            self._command(_FAMILIES[tool], table, words, line)
        except Refused as refused:
            if self._is_about_before(_FAMILIES[tool], words, refused.message):
                self._not_evaluated(line, f"it is about what was there before ({refused.message})")
            else:
                self.problems.append(Problem(refused.check, refused.message, line.span))

    def sets(self, source: Source) -> dict[str, IpSet]:
        """What the ipset commands leave; each stands in its own line."""
        if not self._sets:
            return {}
        text = "\n".join(self._sets.get(number, "") for number in range(1, max(self._sets) + 1))
        sets, problems = read_ipset_save(Source(source.name, text, source.mode))
        self.problems += problems
        return {each.name: each for each in sets}

    def chain(self, family: Family, table: str, chain: Chain, view: View) -> Chain:
        """A policy that the script does not set is whatever it was."""
        if table != "filter" or chain.default is None or (family, chain.name) in self.defaults:
            return chain
        usual = Verdict.DROP if view == "fragment" and chain.name != "OUTPUT" else chain.default
        return chain._replace(default=usual, default_known=False)

    def _command(self, family: Family, table: str, words: list[str], line: Line) -> None:
        store = self.stores.setdefault(family, TableStore(family))
        block = self._blocks.get((family, table))
        if block is None:
            store.open_table(table)
            block = self._blocks[family, table] = Block(store, table)
        if line.only and self._is_there(block, words, line) != (line.only == "there"):
            return
        objection = block.run(" ".join(map(quote_word, words)), line.span)
        if objection is not None:
            self.problems.append(Problem("unreadable-line", objection, line.span))
        if table != "filter":
            return
        if words[0] in ("-P", "--policy") and len(words) > 1:
            self.defaults.add((family, words[1]))
        elif words[0] in ("-F", "--flush"):
            self.flushed |= {(family, name) for name in (words[1:2] or ("INPUT", "FORWARD", "OUTPUT"))}

    def _is_there(self, block: Block, words: list[str], line: Line) -> bool:
        """Whether the chain of ``-N`` or ``-X``, or the rule of another command, is there: ``-C`` would find it."""
        command, chain, *rule = words
        if command in ("-N", "-X"):
            return block.store.has_chain(block.table, chain)
        if command == "-I" and rule and rule[0].isdecimal():
            del rule[0]
        try:
            block.run(" ".join(map(quote_word, ["-C", chain, *rule])), line.span)
        except Refused:
            return False
        return True

    def _is_about_before(self, family: Family, words: list[str], message: str) -> bool:
        """Whether a refusal depends on rules or chains that were there before the commands."""
        if words[0] in ("-D", "--delete", "-E", "-X", "-F", "-R") or "No chain/target" in message:
            return True
        return "Index of insertion" in message and (family, words[1]) not in self.flushed

    def _not_evaluated(self, line: Line, reason: str) -> None:
        self.problems.append(Problem("unknown-command", f"not evaluated: {reason}", line.span))


def _plain(words: Sequence[str]) -> tuple[list[str], str]:
    """The command without what says nothing about the rule, and its table."""
    plain: list[str] = []
    table, place = "filter", 0
    while place < len(words):
        word = words[place]
        if word in _TABLE and place + 1 < len(words):
            table = words[place + 1]
            place += 1
        elif word in _TEXTS:
            plain += words[place : place + 2]
            place += 1
        elif word.startswith("--table="):
            table = word.partition("=")[2]
        elif word in _WAITS:
            place += words[place + 1 : place + 2] != [] and words[place + 1].isdecimal()
        elif not (word in _QUIET or word.startswith("--wait=")):
            plain.append(word)
        place += 1
    return plain, table
