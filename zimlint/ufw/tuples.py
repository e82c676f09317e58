"""The ``### tuple ###`` lines of user.rules, which are all that ufw reads of that file, and the lines below them.

The kernel gets only the ``-A`` lines, ``ufw status`` shows only the tuples; ufw writes both together, a person may not.
Follows ufw 0.36.2: backend_iptables.py, ``_read_rules`` and ``_get_rules_from_formatted``; common.py, ``format_rule``.
Invariant: lines that are word for word what ufw writes for the tuple are not read a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from zimlint.formats.iptables_save import load_rules
from zimlint.formats.tables import TableStore
from zimlint.host import ChainLine, UserRule
from zimlint.model import Problem
from zimlint.packets import Family
from zimlint.source import Source, Span, line_span

CHECK = "status-tuple-mismatch"

_TUPLE = re.compile(r"### tuple ###\s*")
_LINE = re.compile(r"(?:\[\d+:\d+\] )?-[AI] (?P<chain>\S+)")
_USER_CHAIN = re.compile(r"ufw6?-user-(?:input|output|forward|logging-(?:input|output|forward))$")
_LOGGING = ("### LOGGING ###", "### END LOGGING ###")
_PORTS = re.compile(r"\d+(?::\d+)?(?:,\d+(?::\d+)?)*")
_PROTOCOLS = ("any", "tcp", "udp", "ipv6", "esp", "ah", "igmp", "gre", "vrrp")
_INTERFACE = re.compile(r"(?:in|out)(?:_[^!\s]+)?|in_[^!\s]+!out_[^!\s]+")
_ANY = ("0.0.0.0/0", "::/0")
_STANDARD = ("user-input", "user-output", "user-forward", "user-limit", "user-limit-accept", "user-logging-input",
             "user-logging-output", "user-logging-forward", "logging-allow", "logging-deny")  # fmt: skip


class _Refused(Exception):  # noqa: N818
    """ufw skips the tuple; the text is its reason."""


class _Block(NamedTuple):
    """A tuple's line, the head of the file where no tuple stands above, and the lines below it."""

    text: str | None
    span: Span
    lines: list[tuple[str, Span]]


def read_tuples(source: Source, family: Family) -> tuple[tuple[UserRule, ...], tuple[Problem, ...]]:
    """What ufw takes a user.rules for, beside what it loads; and the tuples that ufw does not take at all."""
    prefix = "ufw6" if family is Family.IPV6 else "ufw"
    declared = re.findall(r"^:(\S+)", source.text, re.M)
    chains = tuple(dict.fromkeys((*declared, *(f"{prefix}-{name}" for name in _STANDARD))))
    rules: list[UserRule] = []
    problems: list[Problem] = []
    for block in _blocks(source):
        rule = None
        if block.text is not None:
            try:
                rule = _read(block.text, family, block.span)
            except _Refused as refused:
                so = "ufw status does not show the lines below, and ufw drops them when it writes the file next"
                problems.append(Problem(CHECK, f"Skipping malformed tuple{refused}: {so}", block.span))
                continue
            problems += _comment_problems(block.text, block.span)
        wanted = [] if rule is None else _expansion(rule, prefix)
        if [_plain(line) for line, _ in block.lines] == wanted:
            if rule is not None:
                rules.append(rule)
            continue
        rule = rule or _nobody(family, block.span)
        rules.append(
            rule._replace(
                wanted=_parse([(line, rule.span) for line in wanted], family, chains),
                found=_parse(block.lines, family, chains),
                agrees=False,
            )
        )
    return tuple(rules), tuple(problems)


def _blocks(source: Source) -> list[_Block]:
    blocks = [_Block(None, Span(source, 1), [])]
    logging = False
    for number, line in enumerate(source.text.split("\n"), 1):
        if _TUPLE.match(line):
            blocks.append(_Block(_TUPLE.sub("", line, count=1).strip(), line_span(source, number, line), []))
        elif line.startswith("### END RULES ###"):
            blocks.append(_Block(None, line_span(source, number, line), []))
        elif line.strip() in _LOGGING:
            logging = line.strip() == _LOGGING[0]
        elif not logging and (found := _LINE.match(line)) and _USER_CHAIN.match(found["chain"]):
            blocks[-1].lines.append((line, line_span(source, number, line)))
    return [block for block in blocks if block.text is not None or block.lines]


def _read(text: str, family: Family, span: Span) -> UserRule:
    """The fields of a tuple as ``_read_rules`` takes them."""
    fields = text.partition(" comment=")[0].split()
    if not 6 <= len(fields) <= 9:
        raise _Refused(" (bad length)")
    where = fields[-1] if len(fields) in (7, 9) else "in"  # ufw before 0.29 had no direction
    if "_" in where and not where.startswith(("in_", "out_")):
        raise _Refused(" (iface)")
    action, protocol, dport, dst, sport, src = fields[:6]
    dapp, sapp = (_app(fields[6]), _app(fields[7])) if len(fields) > 7 else ("", "")
    route = ":" in action
    action = action.split(":")[1] if route else action
    word, _, log = action.lower().partition("_")
    if protocol not in _PROTOCOLS or not _INTERFACE.fullmatch(where):
        raise _Refused
    # an action that ufw does not know is a deny to it (UFWRule.set_action)
    known = word if word in ("allow", "reject", "limit") else "deny"
    return UserRule(
        family, span, known, log, route, protocol, _ports(dport), _address(dst), _ports(sport), _address(src),
        dapp, sapp, where,
    )  # fmt: skip


def _app(field: str) -> str:
    return "" if field == "-" else field.replace("%20", " ")


def _ports(text: str) -> str:
    if text == "any":
        return ""
    if not _PORTS.fullmatch(text) or text.count(",") + text.count(":") > 14:
        raise _Refused
    for part in text.split(","):
        low, _, high = part.partition(":")
        if len(part) > _LONGEST or not 1 <= int(low) <= int(high or low) <= 65535 or low == high:
            raise _Refused
    return text


_LONGEST = 40
"""Zeros may lead a port, but Python reads no number of thousands of digits."""


def _address(text: str) -> str:
    return "" if text in (*_ANY, "any") else text


def _comment_problems(text: str, span: Span) -> Iterable[Problem]:
    """Comments that ``ufw status`` cannot print, or prints so that they look like rules."""
    _, marked, comment = text.partition(" comment=")
    if not marked:
        return
    try:
        words = bytes.fromhex(comment[: len(comment) // 2 * 2]).decode("utf-8")
    except ValueError:
        yield Problem(CHECK, "the comment is not hexadecimal UTF-8: ufw status ends with a Python traceback", span)
        return
    if "\n" in words:
        yield Problem(CHECK, "the comment holds a line break: ufw status prints the rest of it like another rule", span)
    elif any(letter in words for letter in "\r\x1b\x08\x0b\x0c\x85"):
        message = "the comment holds control characters: on a terminal ufw status may show rows that are no rules"
        yield Problem(CHECK, message, span)


def _nobody(family: Family, span: Span) -> UserRule:
    """What stands for lines that no tuple names."""
    return UserRule(family, span, "", "", False, "any", "", "", "", "", "", "", "in")


def _expansion(rule: UserRule, prefix: str) -> list[str]:
    """The lines that ufw writes for a tuple."""
    suffix = "forward" if rule.route else "output" if rule.where.partition("_")[0] == "out" else "input"
    ports = bool(rule.dport or rule.sport)
    lines = []
    for protocol in ("tcp", "udp") if rule.protocol == "any" and ports else (rule.protocol,):
        match = _matches(rule, protocol)
        comment = _comment(rule)
        if rule.log:
            logging, once = f"-A {prefix}-user-logging-{suffix}{match}", "-m conntrack --ctstate NEW "
            label = {"allow": "ALLOW", "limit": "LIMIT"}.get(rule.action, "BLOCK")
            rate = f'-m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW {label}] "'
            lines += [
                f"{logging} {'' if rule.log == 'log-all' else once}{rate}",
                f"{logging} -j RETURN",
                f"-A {prefix}-user-{suffix}{match} -j {prefix}-user-logging-{suffix}",
            ]
        head = f"-A {prefix}-user-{suffix}{match}"
        lines += [f"{head} {target}{comment}" for target in _targets(rule, protocol, prefix)]
    return [_plain(line) for line in lines]


def _matches(rule: UserRule, protocol: str) -> str:
    interfaces = re.findall(r"(in|out)_([^!\s]+)", rule.where)
    parts = [f"-{'i' if way == 'in' else 'o'} {name}" for way, name in interfaces]
    parts += [f"-p {protocol}"] if protocol != "any" else []
    several = any(sign in rule.dport + rule.sport for sign in ",:")
    if several:
        parts += [f"-m multiport --dports {rule.dport}"] if rule.dport else []
        parts += [f"-m multiport --sports {rule.sport}"] if rule.sport else []
    parts += [f"-d {rule.dst}"] if rule.dst else []
    parts += [f"--dport {rule.dport}"] if rule.dport and not several else []
    parts += [f"-s {rule.src}"] if rule.src else []
    parts += [f"--sport {rule.sport}"] if rule.sport and not several else []
    return "".join(f" {part}" for part in parts)


def _targets(rule: UserRule, protocol: str, prefix: str) -> Sequence[str]:
    match rule.action:
        case "allow":
            return ("-j ACCEPT",)
        case "reject":
            return ("-j REJECT --reject-with tcp-reset" if protocol == "tcp" else "-j REJECT",)
        case "limit":
            new = "-m conntrack --ctstate NEW -m recent"
            return (
                f"{new} --set",
                f"{new} --update --seconds 30 --hitcount 6 -j {prefix}-user-limit",
                f"-j {prefix}-user-limit-accept",
            )
        case _:
            return ("-j DROP",)


def _comment(rule: UserRule) -> str:
    names = [f"{side}_{name.replace(' ', '%20')}" for side, name in (("dapp", rule.dapp), ("sapp", rule.sapp)) if name]
    return f" -m comment --comment '{','.join(names)}'" if names else ""


def _plain(line: str) -> str:
    """A line without counters and doubled blanks, and with what ufw before 0.34 called ``-m state``."""
    line = re.sub(r"^\[\d+:\d+\] ", "", line).replace("-m state --state NEW", "-m conntrack --ctstate NEW")
    return " ".join(line.split())


def _parse(lines: Sequence[tuple[str, Span]], family: Family, chains: Iterable[str]) -> tuple[ChainLine, ...]:
    """Lines of user.rules by themselves; what iptables would refuse of them is another check's."""
    head = ["*filter", *(f":{name} - [0:0]" for name in chains if not name.isupper())]
    text = "\n".join((*head, *(line for line, _ in lines), "COMMIT\n"))
    store = TableStore(family)
    load_rules(store, Source("user.rules", text), flush=True)
    found = [
        (rule.span.line, ChainLine(name, rule))
        for name, chain in store.tables().get("filter", {}).items()
        for rule in chain.rules
    ]
    places = [span for _, span in lines]
    return tuple(
        line._replace(rule=line.rule._replace(span=places[number - len(head) - 1]))
        for number, line in sorted(found, key=lambda pair: pair[0])
    )
