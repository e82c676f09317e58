"""The lines of one table block: ``-A INPUT …`` and the other commands of iptables, carried out on a ``TableStore``.

Invariant: a line is carried out wholly or raises ``Refused`` in the tool's words and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

from zimlint.formats.lines import ShapeRefused
from zimlint.formats.modules import TARGETS
from zimlint.formats.outline import Rewrite, check_beginning, outline
from zimlint.formats.places import check_place
from zimlint.formats.plan import Plan, address_condition, comment_of, conditions_of, make_plan, target_of
from zimlint.formats.refusals import grammar_refusal, refused_place
from zimlint.formats.shapes import shape_of, shape_with, slots, tree_of
from zimlint.formats.tables import Refused, TableStore
from zimlint.formats.words import bytes_in, split_words
from zimlint.model import Condition, FilterRule, SrcAddress, Target, Verdict
from zimlint.packets import Family, c_number, network
from zimlint.source import Span

DEFAULTS = {"ACCEPT": Verdict.ACCEPT, "DROP": Verdict.DROP}
"""What ``-P`` and ``:CHAIN`` take (man iptables, -P)."""
VERDICTS = ("ACCEPT", "DROP", "QUEUE", "RETURN")
"""The targets that are no extensions (libxtables/xtables.c, ``XT_STANDARD_TARGET``)."""

_ATTACHED = re.compile("-[ADIRPNFX][^ \t-]")
"""``-AINPUT``: getopt takes it, and for no other option does iptables-restore 1.8.9."""
_MANY_TAILS = 4096
_LONG = 500


class Block:
    """One table block. It guards that a remembered line is only used again where it would be read the same way."""

    def __init__(self, store: TableStore, table: str, *, anew: bool = False) -> None:
        self.store = store
        self.table = table
        self.anew = anew
        """Whether the table is emptied before, as iptables-restore does without ``-n``."""
        self._plans: dict[str, Plan] = {}
        self._tails: dict[tuple[str, str], tuple[tuple[Condition, ...], Target, str | None]] = {}
        """The conditions, target and comment of what follows ``-A CHAIN -s ADDRESS``: ban lists are long."""

    def run(self, text: str, span: Span) -> str | None:
        """Carry out one line. The result is what iptables 1.8.9 has against a line that older ones loaded."""
        if text[0] == "[":
            text = _without_counters(text, span)
        if _ATTACHED.match(text):
            text = f"{text[:2]} {text[2:]}"
        parts = text.split(" ", 4)
        listed = len(parts) == 5 and parts[0] == "-A" and parts[2] == "-s"
        if listed and self._run_known(parts, span):
            return None
        words = split_words(text)
        if len(text) > _LONG:
            _check_length(words)
        shape = shape_of(words)
        plan = self._plans.get(shape)
        if plan is None:
            try:
                plan, spelled_out = plan_of(words, shape, self.store.family)
            except Refused:
                if _is_passed_over(words, self.store.family):
                    return None
                raise
            if spelled_out is words:
                self._plans[shape] = plan
            words = spelled_out
        if plan.outline.only not in (None, self.store.family):
            return None  # iptables-restore skips lines with -6, ip6tables-restore those with -4
        rule = self._run_planned(plan, words, span)
        if rule is not None and listed and len(self._tails) < _MANY_TAILS and _is_source_alone(plan):
            source = self._source(parts[3])
            if source is not None:
                self._tails[parts[1], parts[4]] = rule.conditions[len(source) :], rule.target, rule.comment
        slot = plan.old_negation
        return None if slot is None else f"Bad argument `{words[slot.indexes[0]]}'"

    def _run_known(self, parts: list[str], span: Span) -> bool:
        tail = self._tails.get((parts[1], parts[4]))
        source = None if tail is None else self._source(parts[3])
        if tail is None or source is None:
            return False
        conditions, target, comment = tail
        self.store.append(self.table, parts[1], FilterRule((*source, *conditions), target, span, comment))
        return True

    def _source(self, text: str) -> tuple[Condition, ...] | None:
        """``-s`` with one plain address; None for lists, names and the like."""
        try:
            family, ranges = network(text)
        except ValueError:
            return None
        return address_condition(SrcAddress, ranges, False, family) if family is self.store.family else None

    def _run_planned(self, plan: Plan, words: Sequence[str], span: Span) -> FilterRule | None:
        """The line that was appended, if it was one."""
        command = plan.outline.command
        arguments = [words[index] for index in command.indexes]
        store, table = self.store, self.table
        if command.name == "append":
            rules = self._rules(plan, words, arguments[0], span)
            for rule in rules:
                store.append(table, arguments[0], rule)
            return rules[0] if len(rules) == 1 else None
        if command.name in ("insert", "replace", "delete", "check"):
            self._edit(command.name, arguments, plan, words, span)
            return None
        extra = next((slot for group in (plan.outline.core, *plan.outline.matches) for slot in group.slots), None)
        if extra is not None:
            raise Refused(f"Illegal option `{extra.keyword}' with this command")
        self._tails.clear()
        match command.name:
            case "inert":
                if arguments:
                    store.check_chain(table, arguments[0], _rule_number(arguments[1]) if len(arguments) > 1 else 0)
                if self.anew and command.keyword in ("-Z", "--zero"):
                    store.zero(table, arguments[0] if arguments else None, span)
            case "set_default":
                if arguments[1] not in DEFAULTS:
                    raise Refused("Bad policy name.")
                store.set_default(table, arguments[0], DEFAULTS[arguments[1]], span)
            case "new_chain":
                check_chain_name(arguments[0])
                store.new_chain(table, arguments[0], span)
            case "flush_chain":
                store.flush_chain(table, arguments[0] if arguments else None)
            case "delete_chain":
                store.delete_chain(table, arguments[0] if arguments else None)
            case "rename_chain":
                raise Refused("CHAIN_RENAME failed: iptables-nft-restore 1.8.9 cannot rename a chain")
        return None

    def _edit(self, command: str, arguments: list[str], plan: Plan, words: Sequence[str], span: Span) -> None:
        store, table, chain = self.store, self.table, arguments[0]
        index = _rule_number(arguments[1]) if len(arguments) > 1 else None
        if command == "delete" and index is not None:
            store.delete_at(table, chain, index)
            return
        rules = self._rules(plan, words, chain, span)
        if command == "replace" and len(rules) > 1:
            raise Refused("Replacement rule does not specify a unique address")
        for rule in rules:
            match command:
                case "insert":
                    store.insert(table, chain, index or 1, rule)
                case "replace":
                    store.replace_at(table, chain, index or 1, rule)
                case "delete":
                    store.delete_like(table, chain, rule)
                case "check":
                    store.check_like(table, chain, rule)

    def _rules(self, plan: Plan, words: Sequence[str], chain: str, span: Span) -> list[FilterRule]:
        if (self.table, chain) not in plan.placed:
            check_place(plan.outline, self.table, chain)
            plan.placed.add((self.table, chain))
        target = target_of(plan, words, self._is_chain)
        comment = comment_of(plan, words)
        return [FilterRule(conditions, target, span, comment) for conditions in conditions_of(plan, words)]

    def _is_chain(self, name: str) -> bool:
        return self.store.has_chain(self.table, name)


_OTHER_FAMILY = {Family.IPV4: ("-6", "--ipv6"), Family.IPV6: ("-4", "--ipv4")}


def _is_passed_over(words: Sequence[str], family: Family) -> bool:
    """Whether the line is of the other family: iptables-restore then reads no further than that option."""
    place = next((place for place, word in enumerate(words) if word in _OTHER_FAMILY[family]), None)
    if place is None:
        return False
    before = words[:place]
    try:
        tree = tree_of(shape_of(before if {*before} & {*_COMMAND_WORDS} else [*before, "-A", "w"]))
        check_beginning(slots(tree), family)
    except (Refused, ShapeRefused):
        return False
    return True


_COMMAND_WORDS = ("-A", "-C", "-D", "-I", "-R", "-P", "-N", "-E", "-F", "-X", "-Z", "-L", "-S", "--append")


def _without_counters(text: str, span: Span) -> str:
    counters = re.match(r"\[[^]:]+:[^]]*\][ \t]*", text)
    if counters is None:
        raise Refused(f"Bad line {span.line}: need ]")
    return text[counters.end() :]


def _check_length(words: Sequence[str]) -> None:
    # MAX_ARGC, less the tool's own three, and struct xt_param_buf (iptables/xshared.h)
    if len(words) > 251:
        raise Refused("Parser cannot handle more arguments")
    if any(bytes_in(word) > 1023 for word in words):
        raise Refused("Parameter too long!")


def check_chain_name(name: str, clashing: Collection[str] = TARGETS) -> None:
    """Refused where no chain can be called that (iptables/xshared.c ``assert_valid_chain_name``).

    ``:NAME`` only clashes with what is no extension, ``-N NAME`` with every target.
    """
    if name[:1] in ("-", "!"):
        raise Refused(f"chain name not allowed to start with `{name[0]}'")
    if name in clashing:
        raise Refused("chain name may not clash with target name")
    if bytes_in(name) > 28:
        raise Refused(f"chain name `{name}' too long (must be under 29 chars)")


def _rule_number(text: str) -> int:
    found = c_number(text, (1 << 31) - 1)
    if not found:
        raise Refused(f"Invalid rule number `{text}'")
    return found


def _is_source_alone(plan: Plan) -> bool:
    return len(plan.listed) == 1 and plan.listed[0][1].name == "source" and not plan.listed[0][1].negated


class _NoPlan:
    """Why a shape cannot be read."""

    def __init__(self, refusal: Refused | ShapeRefused) -> None:
        self.refusal = refusal


@cache
def _read_shape(shape: str, family: Family) -> Plan | Rewrite | _NoPlan:
    try:
        found = outline(slots(tree_of(shape)), family)
    except (ShapeRefused, Refused) as refusal:
        return _NoPlan(refusal)
    return found if isinstance(found, Rewrite) else make_plan(found, family)


def _first_refusal(words: list[str], shape: str, refusal: ShapeRefused, family: Family) -> Refused:
    """What the tool says to a line that the grammar refuses: it may have stopped at a value before."""
    place = refused_place(shape, refusal)
    if 0 < place < len(words):
        try:
            plan, before = plan_of(words[:place], shape_of(words[:place]), family)
        except Refused:
            return grammar_refusal(words, place, refusal)
        try:
            conditions_of(plan, before)
        except Refused as earlier:
            return earlier
    return grammar_refusal(words, place, refusal)


def plan_of(words: list[str], shape: str, family: Family) -> tuple[Plan, list[str]]:
    """The plan of a line, and its words: the same list, unless options had to be spelled out."""
    literal: frozenset[int] = frozenset()
    for _ in range(6):  # split at `=`, looked at names, spelled out; anything more is a line gone mad
        found = _read_shape(shape, family)
        if isinstance(found, Plan):
            return found, words
        if isinstance(found, _NoPlan):
            if isinstance(found.refusal, Refused):
                raise Refused(found.refusal.message)
            raise _first_refusal(words, shape, found.refusal, family)
        words = found.apply(words)  # a new list even where only names had to be looked at
        literal = found.literal if found.split else literal | found.literal
        shape = shape_with(words, literal)
    raise Refused(f"Bad argument `{words[-1]}'")
