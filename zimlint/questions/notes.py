"""What cannot be said from what was given.

Invariant: a note is no finding; it stands once a host and never changes the exit status.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Note
from zimlint.packets import Family
from zimlint.questions.case import Case

_UNSEEN = {
    "status": "nat, before.rules and the chains of other programs",
    "tree": "nat rules and chains of other programs",
    "fragment": "the rest of ufw's files",
}


def note(check: Check, case: Case) -> Iterator[Note]:
    """One sentence about the limits of the view, where there are any."""
    views = {view.ruleset.view for view in case.views}
    if not views:
        return
    if check.params.get("kind") == "default_not_shown":
        hidden = [view for view in case.views if view.ruleset.view == "status" and not _default_known(case)]
        if hidden and views == {"status"}:
            yield Note(
                check.id, case.host.name, "plain 'ufw status' does not show the default; 'ufw status verbose' does"
            )
        return
    families = {view.family for view in case.views}
    unseen = (
        []
        if "dump" in views
        else [_UNSEEN["tree" if "tree" in views else "status" if "status" in views else "fragment"]]
    )
    if families == {Family.IPV4} and not _ipv6_told(case):
        unseen.append("IPv6")
    if families == {Family.IPV6}:
        unseen.append("IPv4")
    if unseen and not ("tree" in views and "IPv6" not in unseen and "IPv4" not in unseen):
        yield Note(check.id, case.host.name, f"what was given does not show {' and '.join(unseen)}")


def _default_known(case: Case) -> bool:
    return any(
        chain.default_known
        for view in case.views if view.ruleset.view == "status"
        for name, chain in view.ruleset.tables.get("filter", {}).items() if name == "INPUT"
    )  # fmt: skip


def _ipv6_told(case: Case) -> bool:
    """Whether something else says what becomes of IPv6."""
    return case.host.status is not None and not case.host.status.active
