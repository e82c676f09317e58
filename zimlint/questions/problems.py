"""Facts that a reader of a format already found, settings of ufw, and matches that nobody can evaluate.

Invariant: the words are those of the real tool where it has any.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.model import FilterRule, Goto, Jump, Opaque, OpaqueTarget
from zimlint.questions.case import Case, Opening, View
from zimlint.questions.findings import finding

_SENSITIVE = ("admin", "cluster", "loopback", "never-public")


def problem(check: Check, case: Case) -> Iterator[Finding]:
    """The problems of this check that reading the host brought up, each once."""
    seen: set[tuple[str, int, str]] = set()
    for each in (*case.host.problems, *(p for ruleset in case.host.rulesets for p in ruleset.problems)):
        key = (each.span.source.name, each.span.line, each.message)
        if each.check == check.id and key not in seen:
            seen.add(key)
            yield finding(check, case, each.span, each.message)


def setting(check: Check, case: Case) -> Iterator[Finding]:
    """A key of ufw's files has a value that it should not have, as the boot script reads it."""
    key = str(check.params.get("key"))
    wanted = check.params.get("is_not", ())
    held = case.host.settings.get(key)
    if held is None:
        return
    value = held.boot if held.boot is not None else held.command or ""
    if value.lower() in ((wanted,) if isinstance(wanted, str) else wanted):
        return
    if key == "ENABLED":
        if not _loaded(case):
            return
        message = f"rules are loaded, but {key}={value}: the next boot starts without a firewall"
    elif key == "IPV6":
        message = f"{key}={value}: ufw drops all IPv6, incoming and outgoing"
    else:
        message = f"{key}={value}"
    yield finding(check, case, held.span, message)


def _loaded(case: Case) -> bool:
    """Whether a status or a dump of the host shows that ufw is running."""
    if case.host.status is not None:
        return case.host.status.active
    return any(
        ruleset.view == "dump" and any(name.startswith("ufw") for name in ruleset.tables.get("filter", {}))
        for ruleset in case.host.rulesets
    )


def opaque(check: Check, case: Case) -> Iterator[Finding]:
    """A catalogue port that is only open if an unknown match goes that way; once for each module."""
    told: set[str] = set()
    for view in case.views:
        for opening in view.openings:
            for name, rule in _unknown(view, opening):
                ports = _open_ports(case, opening)
                if name in told or not ports:
                    continue
                told.add(name)
                yield finding(
                    check, case, rule.span,
                    f"whether {', '.join(ports[:4])} can be reached depends on {name}, which is not evaluated",
                    certainty="possible", families=[view.family], ports=ports,
                )  # fmt: skip


def _open_ports(case: Case, opening: Opening) -> list[str]:
    """The public services that this opening decides; what must not be open is told as an exposure already."""
    return [
        service.label for service in case.catalogue.services.values()
        if service.exposure not in _SENSITIVE
        and any(
            piece.transport == service.protocol and service.port in piece.ports and piece.source == "public"
            for piece in opening.pieces
        )
    ]  # fmt: skip


def _unknown(view: View, opening: Opening) -> Iterator[tuple[str, FilterRule]]:
    """The modules and targets that an uncertain opening hangs on, with their lines."""
    if all(piece.decision.certain for piece in opening.pieces) or opening.rule is None:
        return
    rules = [opening.rule, *_callers(view, opening.chain)]
    for rule in rules:
        for condition in rule.conditions:
            if isinstance(condition, Opaque) and condition.lone is None:
                yield f"-m {condition.module}", rule
        if isinstance(rule.target, OpaqueTarget):
            yield f"-j {rule.target.name}", rule


def _callers(view: View, chain: str) -> list[FilterRule]:
    """The lines that lead to a chain, directly or not."""
    found: list[FilterRule] = []
    waiting, seen = [chain], {chain}
    while waiting:
        name = waiting.pop()
        for held in view.ruleset.tables.get("filter", {}).values():
            for rule in held.rules:
                if isinstance(rule.target, (Jump, Goto)) and rule.target.chain == name:
                    found.append(rule)
                    if held.name not in seen:
                        seen.add(held.name)
                        waiting.append(held.name)
    return found
