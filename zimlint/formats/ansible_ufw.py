"""The commands that Ansible's module ``community.general.ufw`` runs for its arguments (its plugins/modules/ufw.py).

The module makes one line of text for each command and cuts it as a shell would, so a quote in a comment counts.
Invariant: the commands come in the module's order: state, default, rule, logging, wherever the task names them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from zimlint.formats.ansible_arguments import Arguments, ModuleRefuses, NotLiteral, Parameter, exclusive, shortened
from zimlint.source import Span

PARAMETERS = {
    "state": Parameter(choices=("enabled", "disabled", "reloaded", "reset")),
    "default": Parameter(aliases=("policy",), choices=("allow", "deny", "reject")),
    "logging": Parameter(choices=("full", "high", "low", "medium", "off", "on")),
    "direction": Parameter(choices=("in", "incoming", "out", "outgoing", "routed")),
    "delete": Parameter("switch", default=False),
    "route": Parameter("switch", default=False),
    "insert": Parameter("number"),
    "insert_relative_to": Parameter(
        default="zero", choices=("zero", "first-ipv4", "last-ipv4", "first-ipv6", "last-ipv6")
    ),
    "rule": Parameter(choices=("allow", "deny", "limit", "reject")),
    "interface": Parameter(aliases=("if",)),
    "interface_in": Parameter(aliases=("if_in",)),
    "interface_out": Parameter(aliases=("if_out",)),
    "log": Parameter("switch", default=False),
    "from_ip": Parameter(default="any", aliases=("from", "src")),
    "from_port": Parameter(),
    "to_ip": Parameter(default="any", aliases=("dest", "to")),
    "to_port": Parameter(aliases=("port",)),
    "proto": Parameter(
        aliases=("protocol",), choices=("ah", "any", "esp", "ipv6", "tcp", "udp", "gre", "igmp", "vrrp")
    ),
    "name": Parameter(aliases=("app",)),
    "comment": Parameter(),
}
_COMMANDS = ("state", "default", "rule", "logging")
_STATES = {"enabled": "enable", "disabled": "disable", "reloaded": "reload", "reset": "reset"}


def ufw_commands(arguments: Arguments, span: Span) -> Iterator[tuple[str, ...]]:
    """Each command, its words after ``ufw``; ModuleRefuses where the module gives up, after those before it."""
    exclusive(arguments, ("name", "proto", "logging"), ("direction", "interface_in"), ("direction", "interface_out"))
    if not any(name in arguments.given for name in _COMMANDS):
        raise ModuleRefuses(f"one of the following is required: {', '.join(_COMMANDS)}")
    direction = arguments.word("direction")
    if arguments.word("interface") is not None and direction is None:
        raise ModuleRefuses("missing parameter(s) required by 'interface': direction")
    state, default, rule, logging = map(arguments.word, _COMMANDS)
    if state:
        yield _cut(f"-f {_STATES[state]}")
    if default:
        if direction in ("in", "out"):
            raise ModuleRefuses("For default, direction must be one of outgoing, incoming and routed")
        yield _cut(f"default {default} {direction or ''}")
    if rule:
        yield _cut(_rule(rule, arguments, span))
    if logging:
        yield _cut(f"logging {logging}")


def _cut(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ModuleRefuses(f"{str(error).lower()} in: ufw {shortened(text)}") from None


def _rule(action: str, arguments: Arguments, span: Span) -> str:
    direction = arguments.word("direction")
    if direction not in ("in", "out", None):
        raise ModuleRefuses("For rules, direction must be one of in and out")
    entry, leave = arguments.word("interface_in"), arguments.word("interface_out")
    routed = arguments.switch("route")
    if not routed and entry and leave:
        raise ModuleRefuses("Only route rules can combine interface_in and interface_out")
    parts = ["route"] if routed else []
    number = arguments.number("insert")
    if arguments.switch("delete"):
        parts.append("delete")
    elif number is not None:
        if arguments.word("insert_relative_to") not in ("zero", None):
            raise NotLiteral("'insert_relative_to' depends on the rules that are there when it runs", span)
        parts.append(f"insert {number}")
    parts += [action, direction or ""]
    parts += [f"on {name}" for name in (arguments.word("interface"),) if name]
    parts += [f"{way} on {name}" for way, name in (("in", entry), ("out", leave)) if name]
    parts += ["log"] if arguments.switch("log") else []
    for name, before in (("from_ip", "from"), ("from_port", "port"), ("to_ip", "to"), ("to_port", "port")):
        parts += [f"{before} {value}" for value in (arguments.word(name),) if value]
    parts += [f"proto {value}" for value in (arguments.word("proto"),) if value]
    for name, before in (("name", "app"), ("comment", "comment")):
        parts += [f"{before} '{value}'" for value in (arguments.word(name),) if value]
    return " ".join(parts)
