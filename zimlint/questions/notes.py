"""What cannot be said from what was given.

Invariant: a note is no finding; it stands once a host and never changes the exit status.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from zimlint.checks import Check
from zimlint.finding import Note
from zimlint.model import Opaque
from zimlint.packets import Family
from zimlint.questions.case import Case


def note(check: Check, case: Case) -> Iterator[Note]:
    """One sentence about the limits of the view, where there are any."""
    views = {view.ruleset.view for view in case.views}
    if not views:
        return
    if check.params.get("kind") == "default_not_shown":
        if views == {"status"} and not _default_known(case):
            given = "what was given" if case.host.status is None else "plain 'ufw status'"
            yield Note(check.id, case.host.name, f"{given} does not show the default; 'ufw status verbose' does")
        return
    for name in _left_aside(case):
        yield Note(
            check.id,
            case.host.name,
            f"{name} is not judged: 'ufw status' beside it says what of 'ufw show added' is loaded",
        )
    hidden = list(_hidden(case, views))
    if hidden:
        yield Note(check.id, case.host.name, f"what was given does not show {', '.join(hidden)}")


def _left_aside(case: Case) -> Iterator[str]:
    """The files of ``ufw show added`` that lie beside a status."""
    if case.host.status is not None:
        yield from (source.name for source, kind in case.host.kinds.items() if kind == "ufw-added")


def _hidden(case: Case, views: Set[str]) -> Iterator[str]:
    """What nothing that was given shows; a whole tree or dump of both families leaves nothing to say."""
    families = {view.family for view in case.views}
    if not views & {"dump", "tree"}:
        yield _unseen(case, views)
    if families == {Family.IPV4} and not _ipv6_told(case):
        yield "IPv6"
    if families == {Family.IPV6}:
        yield "IPv4"
    if any(not piece.decision.settled for view in case.views for opening in view.openings for piece in opening.pieces):
        yield "every packet: the rules tell too many kinds apart, and only the likely ones were looked at"
    profiles = {condition.text for view in case.views for opening in view.of_kind("unseen") for condition in
                (opening.rule.conditions if opening.rule else ())
                if isinstance(condition, Opaque) and condition.module == "ufw-app"}  # fmt: skip
    for name in sorted(profiles):
        yield f"the ports of profile '{name}'"


def _unseen(case: Case, views: Set[str]) -> str:
    """What a status, a file of a tree, or a script of commands says nothing about."""
    if "status" in views:
        return "nat, before.rules and the chains of other programs"
    of_ufw = any(kind.startswith("ufw") for kind in case.host.kinds.values())
    return "the rest of ufw's files" if of_ufw else "what was loaded before these commands"


def _default_known(case: Case) -> bool:
    return any(
        chain.default_known
        for view in case.views if view.ruleset.view == "status"
        for name, chain in view.ruleset.tables.get("filter", {}).items() if name == "INPUT"
    )  # fmt: skip


def _ipv6_told(case: Case) -> bool:
    """Whether something else says what becomes of IPv6."""
    return case.host.status is not None and not case.host.status.active
