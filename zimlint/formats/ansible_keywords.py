"""The words of a play, a block and a task beside the module, and which of them leave what the module does as it is.

Invariant: a word that is not listed here is taken to change what runs.
Source: https://docs.ansible.com/ansible/latest/reference_appendices/playbooks_keywords.html
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.formats.ansible_arguments import shortened
from zimlint.source import Span
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText

HARMLESS = {
    "name": "a title",
    "any_errors_fatal": "counts where a task fails",
    "become": "whose rights the task has",
    "become_exe": "whose rights the task has",
    "become_flags": "whose rights the task has",
    "become_method": "whose rights the task has",
    "become_user": "whose rights the task has",
    "changed_when": "what is reported",
    "collections": "community.general and ansible.builtin are the only ones with modules of these names",
    "connection": "how the host is reached",
    "debugger": "asks a person",
    "delay": "how long it waits before it tries again",
    "diff": "what is reported",
    "environment": "the tools ask for none that changes a rule",
    "failed_when": "what is reported",
    "ignore_errors": "counts where a task fails",
    "ignore_unreachable": "counts where a host cannot be reached",
    "listen": "what a handler is called",
    "no_log": "what is reported",
    "notify": "starts something else, later",
    "poll": "how often it is asked whether a task is done",
    "port": "how the host is reached",
    "register": "keeps the result",
    "remote_user": "how the host is reached",
    "retries": "how often it tries again; a second time changes nothing",
    "throttle": "on how many hosts at once",
    "timeout": "counts where a task hangs",
    "vars": "what uses a variable is not evaluated anyway",
    # of a play
    "fact_path": "where facts come from",
    "force_handlers": "handlers are not evaluated anyway",
    "gather_facts": "what uses a variable is not evaluated anyway",
    "gather_subset": "what uses a variable is not evaluated anyway",
    "gather_timeout": "what uses a variable is not evaluated anyway",
    "hosts": "read by itself",
    "max_fail_percentage": "counts where a task fails",
    "order": "which host comes first",
    "serial": "on how many hosts at once",
    "strategy": "on how many hosts at once",
    "vars_files": "what uses a variable is not evaluated anyway",
    "vars_prompt": "what uses a variable is not evaluated anyway",
}
"""Words that change nothing in what a task does to the firewall, and why."""

STRUCTURE = frozenset({"pre_tasks", "roles", "tasks", "post_tasks", "handlers", "block", "rescue", "always"})
"""Words that hold tasks."""

_WHY = {
    "when": "decides whether it runs",
    "until": "decides how often it runs",
    "loop": "decides with what it runs",
    "args": "gives it more arguments",
    "module_defaults": "gives it more arguments",
    "delegate_to": "runs it on another host",
    "local_action": "runs it on another host",
    "run_once": "runs it on only one of the hosts",
    "check_mode": "lets it change nothing",
    "tags": "with 'never' lets it run only on demand",
}
_OFF = ("false", "no", "off")


def objection(entries: YamlMap, module: str = "") -> tuple[str, Span] | None:
    """Why nobody can say what a task, block or play does, and where that stands; ``module`` is the task's own key."""
    for key, span in entries.keys.items():
        if key == module or key in HARMLESS or key in STRUCTURE or _does_nothing(key, entries.entries[key]):
            continue
        why = _WHY.get(key, "decides with what it runs" if key.startswith("with_") else "is not known here")
        return f"'{shortened(key)}' {why}", span
    return None


def _does_nothing(key: str, value: YamlNode) -> bool:
    match key:
        case "tags":
            return "never" not in _words(value)
        case "check_mode" | "run_once":
            return isinstance(value, YamlText) and value.text.lower() in _OFF
        case "module_defaults":
            return isinstance(value, YamlMap) and not any(
                name.startswith("group/") or name.rpartition(".")[2] in ("ufw", "iptables", "command", "shell")
                for name in value.entries
            )
        case _:
            return False


def _words(value: YamlNode) -> Iterator[str]:
    match value:
        case YamlText(text):
            yield from (word.strip() for word in text.split(","))
        case YamlList(items):
            for item in items:
                yield from _words(item)
        case YamlMap():
            yield "never"  # no list of tags: nobody knows
