"""The ``ignore`` entries of a site file: which findings they cover, and which of them cover none.

Invariant: an entry is only called unused where all that it could be about was read.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from zimlint.checks import AFTERWARDS, Check
from zimlint.finding import Finding, Suppressed
from zimlint.host import Host
from zimlint.packets import RangeSet
from zimlint.questions.case import Case
from zimlint.questions.findings import finding
from zimlint.source import Span
from zimlint.zimbra.catalogue import Catalogue
from zimlint.zimbra.site import Ignore, Node, Site

_WILD = "*?["


def covering(site: Site, each: Finding, today: str) -> tuple[str, Span] | None:
    """The reason why a finding is ignored and where it is given; None where it is not.

    Where entries name ports, they have to name all of the finding's together.
    """
    entries = [one for one in site.ignore if not _ended(one, today) and _is_about(site, one, each)]
    for one in entries:
        if one.ports is None:
            return one.reason, one.span
    if not entries or not each.ports:
        return None
    by_entry = [(one, [label for label in each.ports if _names(one, label)]) for one in entries]
    if {label for _, labels in by_entry for label in labels} != set(each.ports):
        return None
    first = next(one for one, labels in by_entry if labels)
    return first.reason, first.span


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
    """What is wrong with a site's entries after a run: ended ones, and those that cover nothing.

    ``files`` were read, ``folders`` were read as a whole; ``asked`` are the checks that ran.
    """
    own = next((check for check in checks.values() if check.question == AFTERWARDS and check.id in asked), None)
    if own is None or site.source is None:
        return
    used = {one.by[:3] for one in suppressed}
    names = [_relative(site, name) for name in files]
    whole = [os.path.abspath(folder) for folder in folders]
    case = Case(Host(site.source.name), site, Node(site.source.name, ()), catalogue, {}, ())
    for one in site.ignore:
        read = _read_as_a_whole(site, one, whole)
        what = " and ".join(one.checks)
        if _ended(one, today):
            if read or any(_matches(one.path, name) for name in names):
                yield finding(own, case, one.span, f"the suppression of {what} ended on {one.until}")
        elif read and one.span[:3] not in used and all(name in asked for name in one.checks):
            near = next((each for each in findings if _is_about(site, one, each)), None)
            if near is not None and near.ports:
                others = [label for label in near.ports if not _names(one, label)]
                so = (
                    f"is about {', '.join(others[:4])} too" if len(others) < len(near.ports) else "is about other ports"
                )
                message = f"{near.check} in {near.span.source.name} {so}, so it is not ignored"
                yield finding(own, case, one.span, message, related=[(near.span, near.message)])
            elif any(_matches(one.path, name) for name in names):
                verb = "is" if len(one.checks) == 1 else "are"
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
    if one.ports is None:
        return True
    numbers, _, transport = label.partition("/")
    low, _, high = numbers.partition("-")
    named = one.ports.get(transport)
    if named is None or not low.isdigit() or not (high or low).isdigit():
        return False
    return not RangeSet([(int(low), int(high or low))]) - named


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
    fixed: list[str] = []
    for part in _parts(one.path):
        if any(mark in part for mark in _WILD):
            break
        fixed.append(part)
    place = os.path.normpath(os.path.join(os.path.abspath(site.base), "/" if one.path.startswith("/") else "", *fixed))
    return any(place == folder or place.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
