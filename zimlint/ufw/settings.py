"""The settings of ufw: ``default/ufw`` and ``ufw.conf``, which two programs read by different rules.

The ``ufw`` command picks ``KEY=value`` lines with a regular expression and lower-cases the value (ufw/backend.py,
``_get_defaults``); its boot script sources the files as shell and compares values literally (ufw-init-functions).
Invariant: both readings are kept; what a difference means is said once, here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from zimlint.host import Setting
from zimlint.model import Problem, Verdict
from zimlint.source import Source, Span, line_span
from zimlint.ufw.shell import Assignment, Command, read_shell

POLICY_KEYS = {hook: f"DEFAULT_{hook}_POLICY" for hook in ("INPUT", "OUTPUT", "FORWARD")}
"""The setting behind the default of each built-in chain."""

_COMMAND_LINE = re.compile(r'^\w+="?\w+"?')
"""Copied from ufw 0.36.2: no quotes but ``"``, no blank before or around the ``=``."""
_SHELL_WORD = re.compile(
    r"[:.\[{}]|case|do|done|echo|elif|else|esac|eval|false|fi|for|if|printf|return|set|shift|source|test|then|true|umask"
    r"|unset|until|while"
)
"""Names that a shell always knows, so that they do not end the script."""


def read_settings(source: Source) -> tuple[dict[str, Setting], tuple[Problem, ...]]:
    """Every key of one file as both programs read it, and where they differ in what they then do."""
    statements = read_shell(source.text)
    command: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(source.text.split("\n"), 1):
        if _COMMAND_LINE.search(line):
            key, value = line.strip().split("=")[:2]
            command[key.upper()] = value.lower().strip("\"'"), number
    boot = {entry.key: (entry.value, entry.line) for entry in statements if isinstance(entry, Assignment)}
    settings = {}
    for key in [*command, *(key for key in boot if key not in command)]:
        by_command, by_boot = command.get(key), boot.get(key)
        number = max(entry[1] for entry in (by_command, by_boot) if entry)
        settings[key] = Setting(
            key,
            by_command[0] if by_command else None,
            by_boot[0] if by_boot else None,
            _line(source, number),
        )
    return settings, _problems(source, settings, statements)


def merge_settings(defaults: Mapping[str, Setting], conf: Mapping[str, Setting]) -> dict[str, Setting]:
    """Both files together: ``ufw.conf`` is read second and wins, for each program by its own reading."""
    merged = dict(defaults)
    for key, later in conf.items():
        earlier = merged.get(key, later)
        merged[key] = Setting(
            key,
            earlier.command if later.command is None else later.command,
            earlier.boot if later.boot is None else later.boot,
            later.span,
        )
    return merged


def is_on(setting: Setting | None) -> bool:
    """Whether the boot script takes ``ENABLED`` or ``IPV6`` for on; a missing key is off."""
    return setting is not None and setting.boot in ("yes", "YES")


def boot_policies(settings: Mapping[str, Setting]) -> dict[str, Verdict | None]:
    """INPUT, OUTPUT and FORWARD to the policy that the boot script reads; None is one that iptables refuses."""
    policies = {}
    for hook, key in POLICY_KEYS.items():
        boot = settings[key].boot if key in settings else None
        policies[hook] = Verdict.__members__.get(boot or "")
    return policies


def _problems(
    source: Source, settings: Mapping[str, Setting], statements: tuple[Assignment | Command, ...]
) -> tuple[Problem, ...]:
    stop = next(
        (entry for entry in statements if isinstance(entry, Command) and not _SHELL_WORD.fullmatch(entry.name)), None
    )
    if "\r\n" in source.text and settings:
        first = source.text[: source.text.index("\r\n")].count("\n") + 1
        effect = "no value is what it seems" if stop is None else "it ends at an empty line and no firewall is started"
        message = f"lines end in CR LF, which the boot script takes for part of each value: {effect}"
        return (Problem("policy-misread", message, _line(source, first), fatal=True),)
    problems = []
    if stop is not None:
        problems.append(Problem("policy-misread", _stop_message(stop), _line(source, stop.line), fatal=True))
    for setting in settings.values():
        difference = _difference(setting)
        # on the line where the boot script ends it reads nothing: that is one fault, said above
        if difference and not (stop is not None and setting.span.line == stop.line):
            problems.append(Problem("policy-misread", difference, setting.span))
    return tuple(problems)


def _line(source: Source, number: int) -> Span:
    return line_span(source, number, source.line(number))


def _stop_message(stop: Command) -> str:
    if stop.open_quote:
        return "the boot script ends with 'Unterminated quoted string': no firewall is started"
    return f"the boot script takes '{stop.name}' for a command and ends with 'not found': no firewall is started"


def _difference(setting: Setting) -> str | None:
    key, command, boot = setting.key, setting.command, setting.boot
    if key in POLICY_KEYS.values():
        return _policy_difference(setting)
    if key not in ("ENABLED", "IPV6") or (command == "yes") == is_on(setting):
        return None
    command_on = command == "yes"
    reading = f"{key}: ufw reads {_quoted(command)} ({'on' if command_on else 'off'})"
    reading += f", its boot script {_quoted(boot)} ({'off' if command_on else 'on'})"
    if key == "ENABLED":
        return f"{reading}: " + (
            "no firewall is started" if command_on else "it is started, and ufw changes only files, not the kernel"
        )
    return f"{reading}: " + (
        "at boot all IPv6 is dropped, and ufw enable fails and sets ENABLED=no"
        if command_on
        else "IPv6 rules are loaded, ufw does not show them and empties user6.rules when it writes it next"
    )


def _policy_difference(setting: Setting) -> str | None:
    key, command, boot = setting.key, setting.command, setting.boot
    hook = key.split("_")[1].lower()
    loads = boot in Verdict.__members__
    if loads and boot is not None and command == boot.lower():
        return None
    if command is None:
        reading = f"ufw stops with \"Missing policy for '{hook}'\""
    elif command.upper() not in Verdict.__members__:
        reading = f"ufw stops with \"Invalid policy '{command}' for '{hook}'\""
    else:
        reading = f"ufw reads {command}"
    if loads:
        return f"{key}: {reading}, its boot script reads {boot}"
    return (
        f"{key}: {reading}, iptables refuses {_quoted(boot)} of the boot script:"
        " INPUT, OUTPUT and FORWARD stay ACCEPT, and after.rules does not load"
    )


def _quoted(value: str | None) -> str:
    return "no value" if value is None else f"'{value}'"
