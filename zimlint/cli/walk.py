"""Directories: which files of one are firewall configuration.

Invariant: what no format knows is passed over in silence; what is called like one, or may not be opened, and cannot be
read is reported.
Invariant: links to directories are not followed, so a walk ends.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator

from zimlint.cli.reading import decode, read_file, read_head, why_not
from zimlint.finding import Unread
from zimlint.formats import ANSIBLE, HEAD, SCRIPTS, TREE_FILES, mostly_commands, named_kind, of_nft, sniff
from zimlint.source import Source

PROFILES = "applications.d"
_TREE_NAMES = frozenset({*TREE_FILES, "ufw.conf"})

_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv"})
_QUOTING = (
    ".md", ".markdown", ".rst", ".adoc", ".org", ".tex", ".html", ".htm", ".xml", ".csv", ".diff", ".patch", ".py",
    ".pyc", ".sh", ".bash", ".zsh", ".pl", ".rb", ".go", ".rs", ".c", ".h", ".js", ".ts", ".css", ".yml", ".yaml",
    ".json", ".jsonl", ".toml", ".lark", ".expected", ".png", ".jpg", ".gif", ".svg", ".pdf", ".gz", ".xz", ".bz2",
    ".zst", ".zip",
)  # fmt: skip
"""Files that only talk about a firewall, or hold none as text."""
_TASK_FOLDERS = frozenset({"tasks", "playbooks"})
_COPIES = (".bak", ".orig", ".old", ".swp", ".tmp", ".rej", ".ucf-old", ".ucf-dist", ".dpkg-bak")
_UFW_IGNORES = (".dpkg-new", ".dpkg-old", ".dpkg-dist", ".rpmnew", ".rpmsave", "~")
_UFW_RESET = re.compile(r"(?:user|before|after)6?\.rules\..+")  # `ufw reset` keeps user.rules.20240131_101500


def read_directory(
    path: str, keep: Callable[[Source], Source] = lambda source: source
) -> tuple[list[Source], list[Unread]]:
    """All that is known below a directory, in the order of the names, and what should have been.

    ``keep`` says what is kept of each.
    """
    sources: list[Source] = []
    unread: list[Unread] = []
    for found in _below("" if path in (".", "./") else path, path):
        if isinstance(found, Source):
            sources.append(keep(found))
        else:
            unread.append(found)
    if not sources and not unread:
        unread.append(Unread(path, "no firewall configuration in this directory"))
    return sources, unread


def default_ufw_of(sources: Iterable[Source]) -> dict[str, Source | Unread]:
    """For each folder that is an /etc/ufw, its /etc/default/ufw, where one lies at the usual places."""
    folders = dict.fromkeys(
        os.path.dirname(source.name) for source in sources if os.path.basename(source.name) in _TREE_NAMES
    )
    found: dict[str, Source | Unread] = {}
    for folder in folders:
        places = [os.path.join(folder, "default-ufw"), os.path.join(folder, "..", "default-ufw")]
        if os.path.basename(os.path.abspath(folder)) == "ufw":
            places.insert(1, os.path.join(folder, "..", "default", "ufw"))
        for place in map(os.path.normpath, places):
            if os.path.isfile(place):
                found[folder] = read_file(place)
                break
    return found


def sets_beside(dump: Source) -> list[Source]:
    """The ``ipset save`` files in the folder of a dump that names sets: its lines mean nothing without them."""
    if "--match-set" not in dump.text:
        return []
    folder = os.path.dirname(dump.name)
    names = sorted(name for name in os.listdir(folder or ".") if named_kind(name) == "ipset-save")
    found = (read_file(os.path.join(folder, name)) for name in names if not name.startswith("."))
    return [source for source in found if isinstance(source, Source) and sniff(source) == "ipset-save"]


def _below(folder: str, named: str) -> Iterator[Source | Unread]:
    try:
        with os.scandir(folder or ".") as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield Unread(folder or named, why_not(error, folder))
        return
    profiles = os.path.basename(folder) == PROFILES
    for entry in inside:
        path = os.path.join(folder, entry.name)
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if not profiles and entry.name not in _SKIPPED_FOLDERS:  # ufw looks into no folder below applications.d
                yield from _below(path, named)
        elif _is_tasks(path, named):
            yield from () if _is_folder(entry) else _candidate(path, tasks=True)
        elif not _passed_over(entry.name, profiles) and not _is_folder(entry):
            yield from _candidate(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is one, or links to one; a link that goes round is no folder."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _passed_over(name: str, profiles: bool) -> bool:
    if name.endswith(_UFW_IGNORES):
        return True
    return not profiles and (
        name.endswith(_COPIES) or name.lower().endswith(_QUOTING) or bool(_UFW_RESET.fullmatch(name))
    )


def _is_tasks(path: str, named: str) -> bool:
    """Whether a file may hold Ansible tasks: YAML below a folder that roles and playbooks keep them in."""
    if not path.lower().endswith((".yml", ".yaml")):
        return False
    folders = os.path.dirname(path).split(os.sep)
    return not _TASK_FOLDERS.isdisjoint([*folders, os.path.basename(os.path.abspath(named))])


def _candidate(path: str, *, tasks: bool = False) -> Iterator[Source | Unread]:
    if named_kind(path) is None:
        try:
            head = decode(path, read_head(path, HEAD), None) if os.path.isfile(path) else None
        except PermissionError as error:  # whatever it is, nobody may believe that it was linted
            yield Unread(path, why_not(error, path))
            return
        kind = sniff(head) if isinstance(head, Source) else None
        if not isinstance(head, Source) or kind is None or tasks != (kind == ANSIBLE):
            return
        if kind in SCRIPTS and not tasks and not mostly_commands(head.text):
            return
    found = read_file(path)
    if isinstance(found, Unread) or sniff(found) is not None or of_nft(found.text):
        yield found
