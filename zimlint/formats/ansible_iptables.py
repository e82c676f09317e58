"""The commands that Ansible's module ``iptables`` runs for its arguments (ansible-core 2.19, modules/iptables.py).

Versions before 2.15 also put an empty rule into a chain that they make; no packet sees a difference.
Invariant: the options of a rule stand in the module's order: which match an option belongs to can depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from zimlint.formats.ansible_arguments import Arguments, ModuleRefuses, Parameter, exclusive

_TABLES = ("filter", "nat", "mangle", "raw", "security")
_SIDES = ("src", "dst", "src,dst", "dst,src", "src,src", "dst,dst")
_LEVELS = (*map(str, range(8)), "emerg", "alert", "crit", "error", "warning", "notice", "info", "debug")
_WORDS = (
    "chain", "rule_num", "protocol", "wait", "source", "to_source", "destination", "to_destination", "jump", "gateway",
    "log_prefix", "goto", "in_interface", "out_interface", "fragment", "set_counters", "source_port",
    "destination_port", "to_ports", "set_dscp_mark", "set_dscp_mark_class", "comment", "src_range", "dst_range",
    "match_set", "limit", "limit_burst", "uid_owner", "gid_owner", "reject_with", "icmp_type",
)  # fmt: skip

PARAMETERS: dict[str, Parameter] = {
    **{name: Parameter() for name in _WORDS},
    **{name: Parameter("list", default=()) for name in ("match", "destination_ports", "ctstate")},
    **{name: Parameter("switch", default=False) for name in ("flush", "chain_management", "numeric")},
    "table": Parameter(default="filter", choices=_TABLES),
    "state": Parameter(default="present", choices=("absent", "present")),
    "action": Parameter(default="append", choices=("append", "insert")),
    "ip_version": Parameter(default="ipv4", choices=("ipv4", "ipv6", "both")),
    "tcp_flags": Parameter("lists"),
    "log_level": Parameter(choices=_LEVELS),
    "match_set_flags": Parameter(choices=_SIDES),
    "syn": Parameter(default="ignore", choices=("ignore", "match", "negate")),
    "policy": Parameter(choices=("ACCEPT", "DROP", "QUEUE", "RETURN")),
}
_TOOLS = {"ipv4": ("iptables",), "ipv6": ("ip6tables",), "both": ("iptables", "ip6tables")}
_ICMP = {"ipv4": "--icmp-type", "ipv6": "--icmpv6-type", "both": "--icmp-type --icmpv6-type"}


class Step(NamedTuple):
    """One command with its tool. The module asks first whether the rule or chain is there."""

    words: tuple[str, ...]
    only: Literal["", "missing", "there"] = ""
    """Whether it is carried out only where what it names is missing, or only where it is there."""


def iptables_commands(arguments: Arguments) -> Iterator[Step]:
    """The commands in their order; ModuleRefuses where the module gives up."""
    exclusive(arguments, ("set_dscp_mark", "set_dscp_mark_class"), ("flush", "policy"))
    for name in ("set_dscp_mark", "set_dscp_mark_class"):
        if arguments.word(name) is not None and arguments.word("jump") is None:
            raise ModuleRefuses(f"missing parameter(s) required by '{name}': jump")
    if arguments.word("jump") in ("TEE", "tee") and arguments.word("gateway") is None:
        raise ModuleRefuses("jump is TEE but all of the following are missing: gateway")
    chain, flush, version = arguments.word("chain"), arguments.switch("flush"), arguments.word("ip_version")
    if chain is None and not flush:
        raise ModuleRefuses("flush is False but all of the following are missing: chain")
    rule = _rule(arguments)
    jump = _jump(arguments)
    if version is None:
        raise ModuleRefuses("'ip_version' is empty")
    wait = arguments.word("wait")
    before = ("-t", arguments.word("table") or "", *(("-w", wait) if wait else ()))
    for tool in _TOOLS[version]:
        for words, only in _steps(arguments, rule, jump):
            yield Step((tool, *before, *words), only)


def _steps(arguments: Arguments, rule: list[str], jump: str | None) -> Iterator[Step]:
    chain, policy = arguments.word("chain") or "", arguments.word("policy")
    managed, present = arguments.switch("chain_management"), arguments.word("state") == "present"
    if arguments.switch("flush"):
        yield Step(("-F", *((chain,) if arguments.word("chain") is not None else ())))
    elif policy:
        yield Step(("-P", chain, policy))
    elif not rule:
        if managed:
            yield Step(("-N", chain), "missing") if present else Step(("-X", chain), "there")
    else:
        if managed and present:
            yield Step(("-N", chain), "missing")
        whole = rule if jump == arguments.word("jump") else _rule(arguments, jump)
        if not present:
            yield Step(("-D", chain, *whole), "there")
        elif arguments.word("action") == "insert":
            number = arguments.word("rule_num")
            yield Step(("-I", chain, *((number,) if number else ()), *whole), "missing")
        else:
            yield Step(("-A", chain, *whole), "missing")


def _jump(arguments: Arguments) -> str | None:
    """A prefix or level makes it LOG."""
    jump = arguments.word("jump")
    if not arguments.word("log_prefix") and not arguments.word("log_level"):
        return jump
    if jump not in (None, "LOG"):
        raise ModuleRefuses("Logging options can only be used with the LOG jump target.")
    return "LOG"


class _Options:
    """The options of a rule as they come together."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def add(self, option: str, value: str | None) -> None:
        """An option with its value; ``!`` before the value negates."""
        if value == "":
            raise ModuleRefuses(f"the module fails on an empty value for {option}")
        if value is not None:
            self.words += ["!", option, value[1:]] if value.startswith("!") else [option, value]

    def joined(self, option: str, values: tuple[str, ...] | None) -> None:
        """An option with a list."""
        if values:
            self.words += [option, ",".join(values)]


def _rule(arguments: Arguments, jump: str | None = None) -> list[str]:
    """What ``construct_rule`` makes; ``jump`` is the target that the module has filled in."""
    word, options = arguments.word, _Options()
    jump = jump or word("jump")
    matches = arguments.words("match")
    if matches is None:
        raise ModuleRefuses("the module fails on an empty 'match'")
    for option, name in (("-p", "protocol"), ("-s", "source"), ("-d", "destination")):
        options.add(option, word(name))
    for match in matches:
        options.add("-m", match)
    flags = arguments.lists("tcp_flags")
    if flags is not None:
        if set(flags) != {"flags", "flags_set"}:
            raise ModuleRefuses("'tcp_flags' takes 'flags' and 'flags_set', and the module fails without one of them")
        options.words += ["--tcp-flags", ",".join(flags["flags"]), ",".join(flags["flags_set"])]
    options.add("-j", jump)
    if jump is not None and jump.lower() == "tee":
        options.add("--gateway", word("gateway"))
    for option, name in (("--log-prefix", "log_prefix"), ("--log-level", "log_level"),
                         ("--to-destination", "to_destination")):  # fmt: skip
        options.add(option, word(name))
    if arguments.words("destination_ports"):
        options.words += ["-m", "multiport"]
        options.joined("--dports", arguments.words("destination_ports"))
    for option, name in (
        ("--to-source", "to_source"), ("-g", "goto"), ("-i", "in_interface"), ("-o", "out_interface"),
        ("-f", "fragment"), ("-c", "set_counters"), ("--source-port", "source_port"),
        ("--destination-port", "destination_port"), ("--to-ports", "to_ports"),
    ):  # fmt: skip
        options.add(option, word(name))
    for option, name in (("--set-dscp", "set_dscp_mark"), ("--set-dscp-class", "set_dscp_mark_class")):
        options.add(option, word(name))
        if word(name) and jump is not None and jump.lower() != "dscp":
            options.words += ["-j", "DSCP"]
    options.words += {"match": ["--syn"], "negate": ["!", "--syn"]}.get(word("syn") or "", [])
    _matches(options, arguments, matches)
    if jump is None and word("reject_with"):
        options.words += ["-j", "REJECT"]
    options.add("--reject-with", word("reject_with"))
    options.add(_ICMP[word("ip_version") or "ipv4"], word("icmp_type"))
    if word("comment"):
        options.words += ["-m", "comment"]
    options.add("--comment", word("comment"))
    return options.words


def _matches(options: _Options, arguments: Arguments, named: tuple[str, ...]) -> None:
    """The matches that the module loads by itself, unless ``match`` names them."""
    word = arguments.word
    states = arguments.words("ctstate")
    if states and "conntrack" not in named and "state" not in named:
        options.words += ["-m", "conntrack"]
    options.joined("--state" if "state" in named and "conntrack" not in named else "--ctstate", states)
    if "iprange" not in named and (word("src_range") or word("dst_range")):
        options.words += ["-m", "iprange"]
    if "iprange" in named or word("src_range") or word("dst_range"):
        options.add("--src-range", word("src_range"))
        options.add("--dst-range", word("dst_range"))
    if "set" in named or word("match_set"):
        if "set" not in named:
            options.words += ["-m", "set"]
        options.add("--match-set", word("match_set"))
        sides = word("match_set_flags")
        if sides is None:
            raise ModuleRefuses("the module fails on 'match_set' without 'match_set_flags'")
        options.words.append(sides)
    for module, loads, pairs in (
        ("limit", ("limit", "limit_burst"), (("--limit", "limit"), ("--limit-burst", "limit_burst"))),
        ("owner", ("uid_owner",), (("--uid-owner", "uid_owner"),)),
        ("owner", ("gid_owner",), (("--gid-owner", "gid_owner"),)),
    ):
        if any(word(name) for name in loads):
            options.words += ["-m", module]
        for option, name in pairs:
            options.add(option, word(name))
