"""Application profiles of ufw, the files of ``applications.d``: read and judged as ufw 0.36.2 does.

Invariant: a profile is returned exactly if ``ufw app list`` shows it; every other one has a Problem in ufw's words.
Invariant: the checks are made in ufw's order, the first one that fails is reported (ufw/applications.py, get_profiles).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from zimlint.formats.app_ports import PortsRefused, read_app_ports
from zimlint.formats.ini import IniRefused, Section, read_ini
from zimlint.formats.services import service_port
from zimlint.host import AppProfile
from zimlint.model import Problem
from zimlint.source import Source, Span


def read_ufw_profiles(source: Source) -> tuple[tuple[AppProfile, ...], tuple[Problem, ...]]:
    """The profiles of one file that ufw would offer, and why it refuses the others."""
    judged = _judge_file(source)
    profiles = tuple(one.profile for one in judged if one.profile)
    return profiles, tuple(one.problem for one in judged if one.problem)


def read_profile_folder(sources: Iterable[Source]) -> tuple[tuple[AppProfile, ...], tuple[Problem, ...]]:
    """The profiles of a whole ``applications.d``: the last file that defines a name wins, also a backup copy."""
    profiles: dict[str, AppProfile] = {}
    files: dict[str, str] = {}
    problems: list[Problem] = []
    total = 0
    for source in sorted(sources, key=lambda source: _file_name(source)):
        if is_passed_over(source.name):
            continue
        size = len(source.text.encode(errors="surrogateescape"))
        if total + size > _MAX_BYTES:
            reason = "too big" if size > _MAX_BYTES else "too many files read already"
            problems.append(_refused(f"Skipping '{_file_name(source)}': {reason}", Span(source, 1, 1, 1, 1)))
            continue
        total += size
        for one in _judge_file(source):
            if one.name in profiles and one.profile:  # an invalid one is told of and leaves the earlier in place
                message = f"Duplicate profile '{one.name}', using last found (this one, not that of {files[one.name]})"
                problems.append(Problem("profile-duplicate", message, one.span))
            if one.profile:
                profiles.pop(one.name, None)
                profiles[one.name] = one.profile
                files[one.name] = _file_name(source)
            if one.problem:
                problems.append(one.problem)
    return tuple(profiles.values()), tuple(problems)


def is_passed_over(path: str) -> bool:
    """Whether ufw never opens a file of that name in ``applications.d`` (``.bak`` and ``.orig`` it does open)."""
    name = path.rpartition("/")[2]
    return name.startswith(".") or name.endswith((".dpkg-new", ".dpkg-old", ".dpkg-dist", ".rpmnew", ".rpmsave", "~"))


_MAX_BYTES = 10 * 1024 * 1024
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 _\-.+]*")
_REQUIRED = ("title", "description", "ports")


class _Judged(NamedTuple):
    """One section: a profile or a problem."""

    name: str
    span: Span
    profile: AppProfile | None
    problem: Problem | None


def _judge_file(source: Source) -> tuple[_Judged, ...]:
    try:
        if any("\udc80" <= letter <= "\udcff" for letter in source.text):
            raise IniRefused("not UTF-8", _first_undecoded(source))
        sections = read_ini(source, "ufw_profile")
    except IniRefused as refused:
        message = f"Skipping '{_file_name(source)}': couldn't process ({refused.message})"
        return (_Judged("", refused.span, None, _refused(message, refused.span, fatal=True)),)
    return tuple(_judge_section(section) for section in sections)


def _judge_section(section: Section) -> _Judged:
    problem = _name_problem(section) or _size_problem(section)
    if problem:
        return _Judged(section.name, section.span, None, problem)
    problem = _field_problem(section)
    if problem:
        return _Judged(section.name, section.span, None, problem)
    title, description, ports = (section.entries[key] for key in _REQUIRED)
    try:
        parts = read_app_ports(ports.value)
    except PortsRefused:
        problem = _refused(f"Invalid ports in profile '{section.name}'", ports.span)
        return _Judged(section.name, section.span, None, problem)
    profile = AppProfile(section.name, title.value, description.value, parts, section.span, ports.span)
    return _Judged(section.name, section.span, profile, None)


def _name_problem(section: Section) -> Problem | None:
    name = section.name
    if len(name) > 64:
        reason = "name too long"
    elif name == "all" or _is_integer(name) or not _NAME.fullmatch(name):
        reason = "invalid name"
    elif service_port(name) is not None:
        so = f"'ufw allow {name}' opens port {service_port(name)}, whatever the profile says"
        return Problem("profile-duplicate", f"Skipping '{name}': also in /etc/services ({so})", section.span)
    else:
        return None
    return _refused(f"Skipping '{name}': {reason}", section.span)


def _is_integer(name: str) -> bool:
    try:
        int(name)  # ufw asks Python, which also takes ` 12 ` and `1_000`
    except ValueError:
        return False
    return True


def _size_problem(section: Section) -> Problem | None:
    for key, entry in section.entries.items():
        if len(key) > 64:
            return _refused(f"Skipping '{section.name}': field too long", entry.span)
        if len(entry.value) > 1024:
            return _refused(f"Skipping '{section.name}': value too long for '{key}'", entry.span)
    return None


def _field_problem(section: Section) -> Problem | None:
    for key in _REQUIRED:
        if key not in section.entries:
            return _refused(f"Profile '{section.name}' missing required field '{key}'", section.span)
        if not section.entries[key].value:
            return _refused(f"Profile '{section.name}' has empty required field '{key}'", section.entries[key].span)
    return None


def _refused(message: str, span: Span, *, fatal: bool = False) -> Problem:
    return Problem("profile-invalid", message, span, fatal)


def _file_name(source: Source) -> str:
    return source.name.rpartition("/")[2]


def _first_undecoded(source: Source) -> Span:
    before = re.split("[\udc80-\udcff]", source.text, maxsplit=1)[0]
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    return Span(source, line, column, line, column + 1)
