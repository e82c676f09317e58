"""The formats that zimlint reads, and how each is told from the others: by its content first, then by its name.

Adding a format is a grammar, a module and a line in ``FORMATS``.
Invariant: telling apart never judges: a file that is half right is of its format, and the reader says what is wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

from zimlint.source import Source

TREE_FILES = ("before.rules", "before6.rules", "after.rules", "after6.rules", "user.rules", "user6.rules")
"""The rule files of /etc/ufw, by the names that ufw gives them."""


INIT_SCRIPT = "ufw-init"
"""The kind of ufw's own scripts, which are no format: nothing of them is read but who may run and change them."""


ANSIBLE = "ansible-tasks"
SCRIPTS = (ANSIBLE, "ufw-commands", "iptables-commands")
"""Files of commands: each is a host of its own, and a script is only read where it is named."""


class Format(NamedTuple):
    """One format: what it is called and how it shows."""

    title: str
    in_text: Callable[[str], bool]
    in_name: Callable[[str], bool]


def sniff(source: Source) -> str | None:
    """The kind of a source, a key of ``FORMATS``; None where neither its text nor its name is one of them."""
    head = source.text[:HEAD].removeprefix("\ufeff")
    if _script(head):
        if os.path.basename(source.name) in ("before.init", "after.init"):
            return INIT_SCRIPT
        return next((kind for kind in SCRIPTS if FORMATS[kind].in_text(head)), None)
    for kind, known in FORMATS.items():
        if known.in_text(head):
            return "ufw-rules" if kind == "iptables-save" and _tree_file(source.name, head) else kind
    return None if of_nft(head) else named_kind(source.name)


def of_nft(text: str) -> bool:
    """Whether a text is a ruleset as ``nft list ruleset`` prints it (nft(8)); no format reads one."""
    return _found(r"^(?:#!.*/nft\b|(?:add )?table (?:ip6?|inet|arp|bridge|netdev) \S+ ?\{|flush ruleset\s*$)", text)


def mostly_commands(text: str) -> bool:
    """Whether a text is a list of firewall commands: no script that does other work, no guide that quotes some."""
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    commands = sum(_found(_UFW_COMMAND, line) or _found(_IPTABLES_COMMAND, line) for line in lines)
    return not text.startswith("#!") and 4 * commands >= 3 * len(lines)


def named_kind(name: str) -> str | None:
    """The kind that a file's name alone promises."""
    return next((kind for kind, known in FORMATS.items() if known.in_name(name)), None)


HEAD = 200_000
"""How many characters of a text are looked at: a dump may stand behind a long transcript."""

# compiled only when a text gets that far
_TABLE = r"^[ \t]*\*(?:filter|nat|mangle|raw|security)[ \t\r]*$"
_LOOSE_RULE = r"^(?:\[\d+:\d+\] )?-[AIP] (?:INPUT|FORWARD|OUTPUT|PREROUTING) "
_UFW_CHAIN = r"^[ \t]*(?::ufw6?-(?:user|before|after)-input\b|### tuple ###|### RULES ###)"
_INPUT = r"^[ \t]*:INPUT "
_UFW_HOOK = r"^[ \t]*-A INPUT (?:-j )?ufw6?-"
_SET = r"^(?:create|add) \S+ \S"
_SET_KIND = r"^create \S+ (?:hash|bitmap|list):"
_SECTION = r"^\[[^\]\n]+\]"
_PROFILE_KEY = r"^[ \t]*(title|description|ports)[ \t]*([=:])"
_SETTING = r"^[ \t]*(?:export[ \t]+)?(?:DEFAULT_(?:IN|OUT)PUT_POLICY|MANAGE_BUILTINS|LOGLEVEL)[ \t]*="
_BEFORE_TOOL = r"^[ \t]*(?:sudo[ \t]+)?(?:/[\w/]*/)?"
_UFW_WORDS = (
    r"ufw[ \t]+(?:--force[ \t]+)?(?:allow|deny|reject|limit|route|insert|prepend|delete|rule|"
    r"default|enable|disable|reset)\b"
)
_IPTABLES_WORDS = (
    r"(?:ip6?tables(?:-nft|-legacy)?|\"?\$\{?\w*(?:IPT|TABLES)\w*\}?\"?)"
    r"[ \t]+(?:-[tw] \w+[ \t]+|-w[ \t]+)*(?:-[AIPFNX]|--append|--insert|--policy|--flush|--new-chain)\b"
)
_UFW_COMMAND = _BEFORE_TOOL + _UFW_WORDS
_IPTABLES_COMMAND = _BEFORE_TOOL + _IPTABLES_WORDS
_YAML_KEY = r"(?:^[ \t]*(?:-[ \t]+)*|[{,][ \t]*)"
_MODULE = _YAML_KEY + r"(?:(?:community\.general|ansible\.builtin|ansible\.legacy)\.)?(?:ufw|iptables)[ \t]*:(?:\s|$)"
_COMMAND_TASK = _YAML_KEY + r"(?:(?:ansible\.(?:builtin|legacy)\.)?(?:command|shell|raw)|cmd)[ \t]*:(?:\s|$)"
_COMMAND_WORDS = rf"{_UFW_WORDS}|{_IPTABLES_WORDS}"
_DASHES = r"^[ \t]*-+[ \t]+-+[ \t]+-+[ \t\r]*$"


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.M) is not None


def _added(text: str) -> bool:
    return "Added user rules (see " in text[:2000]


def _ansible_tasks(text: str) -> bool:
    """A list in YAML that has a task for the firewall."""
    if not ("ufw" in text or "tables" in text) or not _yaml_list(text):
        return False
    if _found(_MODULE, text):
        return True
    if not _found(_COMMAND_TASK, text):
        return False
    if _found(_UFW_COMMAND, text) or _found(_IPTABLES_COMMAND, text):
        return True
    lines = (line for line in text.split("\n") if "ufw" in line or "tables" in line)
    return any(_found(_COMMAND_TASK, line) and _found(_COMMAND_WORDS, line) for line in lines)


def _yaml_list(text: str) -> bool:
    place = 0
    while place < len(text):
        end = text.find("\n", place) + 1 or len(text)
        line = text[place:end].strip()
        if line and not line.startswith(("#", "---", "%")):
            return line == "-" or line.startswith("- ")
        place = end
    return False


def _ufw_commands(text: str) -> bool:
    return "ufw " in text and _found(_UFW_COMMAND, text)


def _iptables_commands(text: str) -> bool:
    return ("tables" in text or "IPT" in text) and _found(_IPTABLES_COMMAND, text)


def _no_name(_name: str) -> bool:
    return False


def _script(text: str) -> bool:
    first = text.partition("\n")[0]
    return first.startswith("#!") and "tables-restore" not in first


def _rules_of_ufw(text: str) -> bool:
    return _found(_UFW_CHAIN, text) and not _found(_INPUT, text) and not _found(_UFW_HOOK, text)


def _tree_file(name: str, text: str) -> bool:
    """An edited file of /etc/ufw, not the dump before some change that happens to be called before.rules."""
    if not _tree_name(name) or _found(_UFW_HOOK, text):
        return False
    return _found(_UFW_CHAIN, text) or not _found(_INPUT, text)


def _dump(text: str) -> bool:
    return _found(_TABLE, text) or _found(_LOOSE_RULE, text)


def _sets(text: str) -> bool:
    return _found(_SET_KIND, text) or (text.startswith("add ") and _found(_SET, text))


def _status(text: str) -> bool:
    head = text[:4000]
    if "Status: " in head or _found(_DASHES, head):
        return any(_head_line(line) for line in head.split("\n")[:40])
    # without a row there are no dashes, and in another language no "Status:"
    return (len(text) < 400 or not head.isascii()) and any(_head_line(line) for line in head.split("\n")[:12])


def _head_line(line: str) -> bool:
    line = line.strip()
    if not line or len(line) > 120 or line.startswith(("[", "#", "WARN", "ERROR")) or "=" in line:
        return False  # in no language a `=`, but in every profile: it costs more to look the words up
    if _found(_DASHES, line):
        return True
    from zimlint.formats.ufw_words import english

    words = english(line)
    return words is not None and words.startswith(("Status: ", "To Action"))


def _profile(text: str) -> bool:
    keys = {(key.lower(), sign) for key, sign in re.findall(_PROFILE_KEY, text, re.M | re.I)}
    if not _found(_SECTION, text):  # then all three are wanted, and not as `ufw app info` prints them
        return len({key for key, sign in keys if sign == "="}) == 3
    return any(key == "ports" for key, _ in keys) or len(keys) == 2


def _settings(text: str) -> bool:
    return _found(_SETTING, text)


def _tree_name(name: str) -> bool:
    return os.path.basename(name) in TREE_FILES


def _dump_name(name: str) -> bool:
    base = os.path.basename(name).lower()
    return base in ("rules.v4", "rules.v6") or bool(re.fullmatch(r"ip6?tables(?:[._-](?:rules|save|up\.rules))?", base))


def _set_name(name: str) -> bool:
    return bool(re.fullmatch(r"ipsets?(?:[._-](?:rules|save|conf))?", os.path.basename(name).lower()))


def _status_name(name: str) -> bool:
    return bool(re.fullmatch(r"ufw[._-]status.*", os.path.basename(name).lower()))


def _profile_name(name: str) -> bool:
    return os.path.basename(os.path.dirname(name)) == "applications.d"


def _settings_name(name: str) -> bool:
    folder, base = os.path.split(name)
    return base in ("ufw.conf", "default-ufw") or (base == "ufw" and os.path.basename(folder) == "default")


FORMATS: dict[str, Format] = {
    ANSIBLE: Format("Ansible playbook or file of tasks", _ansible_tasks, _no_name),
    "ufw-rules": Format("rule file of /etc/ufw", _rules_of_ufw, _tree_name),
    "iptables-save": Format("iptables-save or ip6tables-save", _dump, _dump_name),
    "ufw-status": Format("output of ufw status", _status, _status_name),
    "ipset-save": Format("ipset save", _sets, _set_name),
    "ufw-profile": Format("ufw application profile", _profile, _profile_name),
    "ufw-settings": Format("/etc/default/ufw or ufw.conf", _settings, _settings_name),
    "ufw-added": Format("output of ufw show added", _added, _no_name),
    "ufw-commands": Format("shell script of ufw commands", _ufw_commands, _no_name),
    "iptables-commands": Format("shell script of iptables commands", _iptables_commands, _no_name),
}
"""In the order in which they are tried: a file of /etc/ufw is an iptables-save file too, and tasks hold commands."""
