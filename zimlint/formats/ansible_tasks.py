"""Ansible playbooks and files of tasks: the commands that their ufw, iptables and command tasks run.

Tasks run in the order of the play: pre_tasks, tasks, post_tasks. Handlers run later or never, ``rescue`` only after a
failure; files and roles that are included are other inputs. A task that fails ends a play; what stands behind it is
read all the same: it runs as soon as the fault is mended.
Invariant: a task that is not written out (a template, a condition, a loop) is a Problem and changes nothing.
Invariant: a task that changes no rule is not even a Problem, whatever it depends on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from zimlint.formats.ansible_arguments import shortened
from zimlint.formats.ansible_commands import firewall_task
from zimlint.formats.ansible_keywords import objection
from zimlint.formats.shell_lines import Line
from zimlint.host import AppProfile
from zimlint.model import Problem, Ruleset
from zimlint.source import ConfigError, Source, Span
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText, read_tree

MAX_DEPTH = 40
"""Blocks in blocks, and what other modules take."""


def read_ansible_tasks(
    source: Source, profiles: Mapping[str, AppProfile]
) -> tuple[tuple[Ruleset, ...], tuple[Problem, ...]]:
    """What the tasks leave: rulesets of ufw where a task is one of ufw's, else those of iptables."""
    try:
        root = read_tree(source, MAX_DEPTH)
        if not isinstance(root, YamlList):
            raise ConfigError("a list of tasks or plays is expected", Span(source, 1))
    except ConfigError as error:
        return (), (Problem("unknown-command", f"not evaluated: {error.message}", error.span or Span(source, 1)),)
    tasks = _Tasks()
    tasks.file(root, handlers=os.path.basename(os.path.dirname(source.name)) == "handlers")
    if not tasks.lines:
        return (), ()
    if _is_of_ufw(tasks.lines):
        from zimlint.formats.ufw_commands import carry_out

        return carry_out(source, tasks.lines, profiles, whole=not tasks.elsewhere)
    from zimlint.formats.iptables_commands import carry_out as carry_out_iptables

    lines = [line for line in tasks.lines if line.unsure or not _is_ufw(line)]  # ufw is off then
    return carry_out_iptables(source, lines, whole=not tasks.elsewhere)


class _Unsure(NamedTuple):
    """Why nothing of some tasks is evaluated, and where that stands; no place where it is that of the first task."""

    reason: str
    span: Span | None


class _Tasks:
    """The tasks of a file, one after the other."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.elsewhere = False
        """Other files have tasks that run between these."""
        self._hosts: str | None = None
        self._off = False

    def file(self, items: YamlList, *, handlers: bool) -> None:
        """All plays, or all tasks."""
        for item in items.items:
            if isinstance(item, YamlMap) and ("hosts" in item.entries or "import_playbook" in item.entries):
                self._play(item)
        if not any(isinstance(item, YamlMap) and "hosts" in item.entries for item in items.items):
            self._run(items, _Unsure(_HANDLER, None) if handlers else None)

    def _play(self, play: YamlMap) -> None:
        held = [play.entries[key] for key in ("pre_tasks", "tasks", "post_tasks") if key in play.entries]
        self.elsewhere |= "roles" in play.entries or "import_playbook" in play.entries
        against = objection(play)
        unsure = _Unsure(*against) if against else None
        hosts = play.entries.get("hosts")
        if unsure is None and hosts is not None and any(map(self._changes, held)):
            text = " ".join(_texts(hosts))
            self._hosts = self._hosts or text
            if text != self._hosts:
                unsure = _Unsure(
                    f"this play is for {shortened(text)}, the one above for {shortened(self._hosts)}",
                    play.keys["hosts"],
                )
        if unsure is not None:
            self._once(unsure, (line for tasks in held for line in self._changes(tasks)))
        else:
            for tasks in held:
                self._run(tasks, None)
        if "handlers" in play.entries:
            self._once(_Unsure(_HANDLER, None), self._changes(play.entries["handlers"]))

    def _run(self, tasks: YamlNode, unsure: _Unsure | None) -> None:
        if unsure is not None:
            self._once(unsure, self._changes(tasks))
            return
        for task in tasks.items if isinstance(tasks, YamlList) else ():
            if not isinstance(task, YamlMap):
                continue
            if "block" in task.entries:
                self._block(task)
                continue
            self.elsewhere |= any(key.rpartition(".")[2].startswith(_ELSEWHERE) for key in task.entries)
            for line in self._of_task(task):
                self._off = self._off or line.words[-1:] in (("disable",), ("reset",))
                self.lines.append(line)

    def _block(self, block: YamlMap) -> None:
        against = objection(block)
        self._run(block.entries["block"], _Unsure(*against) if against else None)
        if "rescue" in block.entries:
            rescued = _Unsure("'rescue' runs only where the block fails", block.keys["rescue"])
            self._once(rescued, self._changes(block.entries["rescue"]))
        if "always" in block.entries:
            self._run(block.entries["always"], _Unsure(*against) if against else None)

    def _once(self, unsure: _Unsure, lines: Iterable[Line]) -> None:
        """One line stands for all."""
        first = next(iter(lines), None)
        if first is not None:
            self.lines.append(first._replace(span=unsure.span or first.span, unsure=unsure.reason))

    def _changes(self, tasks: YamlNode) -> list[Line]:
        """The lines of tasks and blocks that may change something."""
        found: list[Line] = []
        for task in tasks.items if isinstance(tasks, YamlList) else ():
            if isinstance(task, YamlMap) and "block" in task.entries:
                for key in ("block", "rescue", "always"):
                    found += self._changes(task.entries[key]) if key in task.entries else []
            elif isinstance(task, YamlMap):
                found += (line for line in self._of_task(task) if not self._is_idle(line))
        return found

    def _of_task(self, task: YamlMap) -> Iterator[Line]:
        """The lines of one task; one for all where it is not evaluated, none where it would change nothing."""
        found = firewall_task(task)
        if found is None:
            return
        against = objection(task, found.module)
        changing = [line for line in found.lines if not self._is_idle(line)]
        unsure = next((line for line in changing if line.unsure), None)
        if against is not None:
            if changing:
                yield changing[0]._replace(span=against[1], unsure=against[0])
        elif unsure is not None and not found.shell:
            yield unsure
        else:
            yield from (line for line in found.lines if line in changing or (_enables(line) and not line.unsure))

    def _is_idle(self, line: Line) -> bool:
        """Whether a command changes nothing that is judged; a ufw that is on stays on."""
        if line.refused:
            return False
        if _is_ufw(line):
            return line.words[1:2] in _UFW_IDLE or _is_reload(line) or (_enables(line) and not self._off)
        return not _LOOKS.isdisjoint(line.words) and "tables" in line.words[0]


_HANDLER = "a handler runs at the end, if something notifies it"
_ELSEWHERE = ("include_tasks", "import_tasks", "include_role", "import_role", "include")
_UFW_IDLE = (("status",), ("show",), ("app",), ("version",), ("--version",), ("help",), ("--help",), ("logging",))
_LOOKS = frozenset({"-L", "--list", "-S", "--list-rules", "-C", "--check", "-V", "--version", "-h", "--help"})


def _is_ufw(line: Line) -> bool:
    return line.words[0].rpartition("/")[2] == "ufw"


def _is_of_ufw(lines: Sequence[Line]) -> bool:
    """Whether the tasks make a firewall of ufw; those of iptables may switch ufw off before."""
    sure = [line for line in lines if not line.unsure] or lines
    if any(_is_ufw(line) and line.words[-1] not in ("disable", "reset") for line in sure):
        return True
    return not any("tables" in line.words[0] for line in sure)


def _enables(line: Line) -> bool:
    return _is_ufw(line) and line.words[-1] == "enable"


def _is_reload(line: Line) -> bool:
    return _is_ufw(line) and line.words[-1] == "reload"


def _texts(node: YamlNode) -> Iterator[str]:
    match node:
        case YamlText(text):
            yield text
        case YamlList(items):
            for item in items:
                yield from _texts(item)
        case YamlMap():
            yield from node.entries
