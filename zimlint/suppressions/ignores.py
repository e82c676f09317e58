"""The ``ignore`` entries of a site file: which findings they cover, and which of them cover none.

Invariant: an entry is only called unused where all that it could be about was read.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import NamedTuple

from zimlint.checks import AFTERWARDS, Check
from zimlint.finding import Finding, Suppressed
from zimlint.host import Host
from zimlint.questions.case import Case
from zimlint.questions.findings import finding
from zimlint.source import Span
from zimlint.suppressions.ports import Ports, ports_of, shared, without
from zimlint.zimbra.catalogue import Catalogue
from zimlint.zimbra.site import Ignore, Node, Site, place_of


class Cover(NamedTuple):
    """Why a finding is ignored, or some of its ports are."""

    reason: str
    by: Span
    """Where it is given."""
    also: tuple[Span, ...] = ()
    """Other entries that are needed for it."""
    left: Ports = MappingProxyType({})
    """The finding's ports that no entry names."""


def covering(site: Site, each: Finding, today: str) -> Cover | None:
    """What covers a finding or a part of its ports; None where nothing does. What names no ports covers all of it."""
    entries = [one for one in site.ignore if one.reason and not _ended(one, today) and _is_about(site, one, each)]
    needed: list[Ignore] = []
    left = ports_of(each.ports)
    for one in entries:
        if one.ports is None:
            return Cover(one.reason, one.span)
        if shared(left, one.ports):
            needed.append(one)
            left = without(left, one.ports)
    if not needed:
        return None
    first, *others = needed
    return Cover(first.reason, first.span, tuple(one.span for one in others), left)


def left_over(
    site: Site,
    checks: Mapping[str, Check],
    catalogue: Catalogue,
    *,
    asked: Collection[str],
    files: Iterable[str],
    folders: Iterable[str],
    findings: Sequence[Finding],
    suppressed: Sequence[Suppressed],
    today: str,
) -> Iterator[Finding]:
    """What is wrong with a site's entries after a run: those without a reason, ended ones, and those in vain.

    ``files`` were read, ``folders`` were read as a whole; ``asked`` are the checks that ran.
    """
    own = next((check for check in checks.values() if check.question == AFTERWARDS and check.id in asked), None)
    if own is None or site.source is None:
        return
    used = {span[:3] for one in suppressed for span in (one.by, *one.also)}
    names = [_relative(site, name) for name in files]
    whole = [os.path.abspath(folder) for folder in folders]
    case = Case(Host(site.source.name), site, Node(site.source.name, ()), catalogue, {}, ())
    for one in site.ignore:
        read = _read_as_a_whole(site, one, whole)
        there = any(_matches(one.path, name) for name in names)
        what = " and ".join(one.checks)
        if not one.reason or _ended(one, today):
            if read or there:
                message = f"ended on {one.until}" if one.reason else "gives no reason, so it does not count"
                yield finding(own, case, one.span, f"the suppression of {what} {message}")
        elif read and one.span[:3] not in used and all(name in asked for name in one.checks):
            near = next((each for each in findings if _is_about(site, one, each)), None)
            twin = next((each for each in suppressed if _is_about(site, one, each.finding)), None)
            verb = "is" if len(one.checks) == 1 else "are"
            if near is not None and near.ports:
                others = [label for label in near.ports if not _names(one, label)]
                so = (
                    f"is about {', '.join(others[:4])} too" if len(others) < len(near.ports) else "is about other ports"
                )
                message = f"{near.check} in {near.span.source.name} {so}, so it is not ignored"
                yield finding(own, case, one.span, message, related=[(near.span, near.message)])
            elif twin is not None:
                message = f"{what} {verb} ignored in {one.path}, but what is found there is suppressed already"
                yield finding(own, case, one.span, message, related=[(twin.by, "by this")])
            elif there:
                yield finding(own, case, one.span, f"{what} {verb} ignored in {one.path}, but not found there")
            else:
                yield finding(own, case, one.span, f"{what} ignored in {one.path}, where there is no file")


def _ended(one: Ignore, today: str) -> bool:
    """The day itself still counts. ISO dates compare as text."""
    return bool(one.until) and today > one.until


def _is_about(site: Site, one: Ignore, each: Finding) -> bool:
    return each.check in one.checks and _matches(one.path, _relative(site, each.span.source.name))


def _names(one: Ignore, label: str) -> bool:
    """Whether an entry names all ports of ``7071/tcp`` or ``7025-7047/tcp``."""
    return one.ports is None or not without(ports_of((label,)), one.ports)


def _relative(site: Site, name: str) -> str:
    return name if name == "-" else os.path.relpath(os.path.abspath(name), os.path.abspath(site.base))


def _matches(pattern: str, name: str) -> bool:
    """Whether a pattern names a file or a folder above it; ``*`` stays within one name, ``**`` does not."""
    if pattern.startswith("/"):
        name = os.path.abspath(name)
    return _parts_match(_parts(pattern), _parts(name))


def _parts_match(pattern: Sequence[str], name: Sequence[str]) -> bool:
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_parts_match(pattern[1:], name[skipped:]) for skipped in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and _parts_match(pattern[1:], name[1:])


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _read_as_a_whole(site: Site, one: Ignore, folders: Collection[str]) -> bool:
    """Whether the part of the pattern before its first wildcard lies in a folder that was read as a whole."""
    place = place_of(site, one.path)
    return any(place == folder or place.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
