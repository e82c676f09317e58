"""The ways to write the same rules differently.

Invariant: each makes of a file one that the real tool loads to the same verdict for every packet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import NamedTuple

from tests.metamorphic.lines import BUILT_IN, Line, Rule, grouped, joined, words


class Rewrite(NamedTuple):
    """One way: the lines of a file in, lines out."""

    apply: Callable[[Sequence[Line]], list[Line]]
    splits: str = ""
    """Why one line may be told in two findings of half the ports or sources each; empty where it may not."""


def _each(change: Callable[[Rule], Sequence[Rule]]) -> Callable[[Sequence[Line]], list[Line]]:
    """A rewrite of every rule line by itself."""

    def apply(lines: Sequence[Line]) -> list[Line]:
        found: list[Line] = []
        for line in lines:
            rule = grouped(line.text)
            if rule is None:
                found.append(line)
                continue
            changed = change(rule)
            kept = list(changed) == [rule]
            found += [line] if kept else [Line(line.number, joined(one)) for one in changed]
        return found

    return apply


def _comment(rule: Rule) -> list[Rule]:
    return [rule._replace(groups=(("-m", "comment", "--comment", '"of the tests"'), *rule.groups))]


def _comment_last(rule: Rule) -> list[Rule]:
    return [rule._replace(groups=(*rule.groups, ("-m", "comment", "--comment", "last")))]


def _counters(lines: Sequence[Line]) -> list[Line]:
    """As ``iptables-save -c`` prints them."""
    found: list[Line] = []
    for line in lines:
        text = re.sub(r"^(:\S+ \S+) \[0:0\]", r"\1 [17:4242]", line.text)
        found.append(line._replace(text=f"[3:180] {text}" if text.startswith("-A ") else text))
    return found


def _implied_match(rule: Rule) -> list[Rule]:
    """``-p tcp`` as ``-p tcp -m tcp``, and back."""
    groups: list[tuple[str, ...]] = []
    for group in rule.groups:
        match group:
            case ("-p", ("tcp" | "udp") as name, "-m", again, *rest) if again == name and rest:
                group = ("-p", name, *rest)
            case ("-p", ("tcp" | "udp") as name, *rest) if rest[:1] != ["-m"]:
                group = ("-p", name, "-m", name, *rest)
        groups.append(group)
    return [rule._replace(groups=tuple(groups))]


def _kind(group: tuple[str, ...]) -> str:
    return group[1] if group[0] == "!" else group[0]


def _reordered(rule: Rule) -> list[Rule]:
    """Options that stand alone behind the matches, in reverse."""
    alone = [group for group in rule.groups if _kind(group) in ("-i", "-o", "-s", "-d")]
    others = [group for group in rule.groups if group not in alone and _kind(group) not in ("-j", "-g")]
    targets = [group for group in rule.groups if _kind(group) in ("-j", "-g")]
    return [rule._replace(groups=(*others, *reversed(alone), *targets))]


def _target_first(rule: Rule) -> list[Rule]:
    targets = [group for group in rule.groups if _kind(group) in ("-j", "-g")]
    if any(len(group) > 2 for group in targets):  # its options would stand among those of the matches
        return [rule]
    return [rule._replace(groups=(*targets, *(group for group in rule.groups if group not in targets)))]


def _halves(rule: Rule) -> list[Rule]:
    """A network as its two halves, one line each."""
    for place, group in enumerate(rule.groups):
        if group[0] == "-s" and len(group) == 2 and "," not in group[1]:
            try:
                network = ip_network(group[1])
            except ValueError:
                continue
            if network.prefixlen < network.max_prefixlen:
                before, after = rule.groups[:place], rule.groups[place + 1 :]
                return [
                    rule._replace(groups=(*before, ("-s", str(half)), *after))
                    for half in network.subnets(prefixlen_diff=1)
                ]
    return [rule]


def _ports_apart(rule: Rule) -> list[Rule]:
    """The list of a multiport match in two, one line each."""
    for place, group in enumerate(rule.groups):
        names = [word for word in group if word in ("--dports", "--sports", "--ports")]
        if "multiport" not in group or not names or "!" in group:
            continue
        at = group.index(names[0]) + 1
        first, comma, rest = group[at].partition(",")
        if comma:
            before, after = rule.groups[:place], rule.groups[place + 1 :]
            return [
                rule._replace(groups=(*before, (*group[:at], ports, *group[at + 1 :]), *after))
                for ports in (first, rest)
            ]
    return [rule]


def _as_networks(rule: Rule) -> list[Rule]:
    """Masks with dots."""

    def dotted(group: tuple[str, ...]) -> tuple[str, ...]:
        if _kind(group) in ("-s", "-d") and "." in group[-1] and "," not in group[-1]:
            try:
                return (*group[:-1], ip_network(group[-1]).with_netmask)
            except ValueError:
                return group
        return group

    return [rule._replace(groups=tuple(map(dotted, rule.groups)))]


_LONG = {
    "-s": "--source", "-d": "--destination", "-p": "--protocol", "-i": "--in-interface", "-o": "--out-interface",
    "-j": "--jump", "-g": "--goto", "-m": "--match", "--dport": "--destination-port", "--sport": "--source-port",
    "--dports": "--destination-ports", "--sports": "--source-ports",
}  # fmt: skip
_OTHER = {"-s": "--src", "-d": "--dst", "-p": "--proto", "tcp": "6", "udp": "17"}
_SERVICES = {"22": "ssh", "25": "smtp", "53": "domain", "80": "http", "443": "https", "993": "imaps", "995": "pop3s"}


def _renamed_words(names: dict[str, str], after: tuple[str, ...] = ()) -> Callable[[Rule], list[Rule]]:
    """Words by other names; with ``after`` only the values of these options, also as parts of a list."""

    def change(rule: Rule) -> list[Rule]:
        groups = []
        for group in rule.groups:
            found: list[str] = []
            for place, word in enumerate(group):
                if after:
                    value = place > 0 and group[place - 1] in after
                    found.append(",".join(names.get(part, part) for part in word.split(",")) if value else word)
                else:
                    number = word in ("tcp", "udp") and not (place == 1 and group[0] == "-p")  # -m tcp has no number
                    found.append(word if number or word[:1] in "\"'" else names.get(word, word))
            groups.append(tuple(found))
        return [rule._replace(groups=tuple(groups))]

    return change


def _equals_signs(rule: Rule) -> list[Rule]:
    """``--dport=25``, as getopt_long takes it."""
    groups = []
    for group in rule.groups:
        text = " ".join(group)
        groups.append(tuple(words(re.sub(r"(--(?:dport|sport|dports|ctstate|state)) (?=[^!\s])", r"\1=", text))))
    return [rule._replace(groups=tuple(groups))]


def _states(rule: Rule) -> list[Rule]:
    """``-m state`` as ``-m conntrack``, and back."""
    groups = []
    for group in rule.groups:
        match group:
            case ("-m", "state", "--state", states):
                group = ("-m", "conntrack", "--ctstate", states)
            case ("-m", "conntrack", "--ctstate", states) if not re.search("DNAT|SNAT", states):
                group = ("-m", "state", "--state", states)
        groups.append(group)
    return [rule._replace(groups=tuple(groups))]


def _quoted(rule: Rule) -> list[Rule]:
    return [
        rule._replace(
            groups=tuple(tuple(word if word[0] in "\"'!" else f'"{word}"' for word in group) for group in rule.groups)
        )
    ]


def _spaced(rule: Rule) -> list[Rule]:
    return [rule._replace(groups=tuple(tuple(f"\t {word}  " for word in group) for group in rule.groups))]


def _remarks(lines: Sequence[Line]) -> list[Line]:
    """A remark and an empty line before each rule."""
    found: list[Line] = []
    for line in lines:
        if grouped(line.text) is not None:
            found += [Line(0, "# a remark -A INPUT -j ACCEPT"), Line(0, "")]
        found.append(line)
    return found


def _wrapped(lines: Sequence[Line]) -> list[Line]:
    """All lines of INPUT in a chain of their own, which INPUT calls."""
    found: list[Line] = []
    called = False
    for line in lines:
        text = line.text
        if text.startswith("*"):
            called = False
        if text.startswith(":INPUT "):
            found += [line, Line(0, ":all-of-input - [0:0]")]
            continue
        rule = grouped(text)
        if rule is not None and rule.chain == "INPUT" and "-A" in rule.head:
            if not called:
                found.append(Line(0, "-A INPUT -j all-of-input"))
                called = True
            text = joined(rule._replace(head=(*rule.head[:-1], "all-of-input")))
        found.append(line._replace(text=text))
    return found


def own_chains(lines: Sequence[Line]) -> list[str]:
    """The chains that a file declares beside the built-in ones, but those whose names say whose they are."""
    names = [found[1] for line in lines if (found := re.match(r":(\S+) -", line.text))]
    return [
        name for name in names if name not in BUILT_IN and not re.match(r"ufw6?-|DOCKER|f2b-|ts-|AS0_|CILIUM_", name)
    ]


def renamed(name: str) -> str:
    """Another name for a chain."""
    return f"z-{name[:20]}-z"


def _renamed_chains(lines: Sequence[Line]) -> list[Line]:
    names = own_chains(lines)
    found: list[Line] = []
    for line in lines:
        text = line.text
        for name in names:
            text = re.sub(rf"(?<!\S){re.escape(name)}(?!\S)", renamed(name), text)
            text = text.replace(f":{name} ", f":{renamed(name)} ") if text.startswith(f":{name} ") else text
        found.append(line._replace(text=text))
    return found


REWRITES: dict[str, Rewrite] = {
    "comment": Rewrite(_each(_comment)),
    "comment last": Rewrite(_each(_comment_last)),
    "counters": Rewrite(_counters),
    "implied match": Rewrite(_each(_implied_match)),
    "reordered": Rewrite(_each(_reordered)),
    "target first": Rewrite(_each(_target_first)),
    "halves of networks": Rewrite(_each(_halves), "each half is let in by a line of its own"),
    "ports apart": Rewrite(_each(_ports_apart), "each part of the list is let in by a line of its own"),
    "masks with dots": Rewrite(_each(_as_networks)),
    "long options": Rewrite(_each(_renamed_words(_LONG))),
    "other names": Rewrite(_each(_renamed_words(_OTHER))),
    "names of ports": Rewrite(_each(_renamed_words(_SERVICES, ("--dport", "--sport", "--dports", "--sports")))),
    "equals signs": Rewrite(_each(_equals_signs)),
    "states": Rewrite(_each(_states)),
    "quoted words": Rewrite(_each(_quoted)),
    "blanks": Rewrite(_each(_spaced)),
    "remarks": Rewrite(_remarks),
    "wrapped in a chain": Rewrite(_wrapped),
    "renamed chains": Rewrite(_renamed_chains),
}
