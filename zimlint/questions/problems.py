"""Facts that a reader of a format already found, settings of ufw, and matches that nobody can evaluate.

Invariant: the words are those of the real tool where it has any.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.model import Problem
from zimlint.questions.case import Case, dump_shows_ufw
from zimlint.questions.findings import finding
from zimlint.questions.witness import unknown_at, witness
from zimlint.semantics.replay import replay

_SENSITIVE = ("admin", "cluster", "loopback", "never-public")


def problem(check: Check, case: Case) -> Iterator[Finding]:
    """The problems of this check that reading the host brought up, each once."""
    seen: set[tuple[str, int, str]] = set()
    first = {id(next((p for p in ruleset.problems if p.fatal), None)): ruleset for ruleset in case.host.rulesets}
    for each in case.problems():
        key = (each.span.source.name, each.span.line, each.message)
        if each.check == check.id and key not in seen:
            seen.add(key)
            so = _consequence(each) if id(each) in first and first[id(each)].view == "dump" else ""
            yield finding(check, case, each.span, each.message + so)


def _consequence(fault: Problem) -> str:
    """What the kernel is left with: iptables-restore ends at its first fault, what it committed by then stays."""
    lines = fault.span.source.text.removeprefix("\ufeff").split("\n")
    before = [line for line in lines[: fault.span.line] if line[:1] == "*" or line == "COMMIT"]
    below = [line.strip() for line in lines[fault.span.line :] if line[:1] == "*"]
    table = before[-1].strip() if before and before[-1] != "COMMIT" else ""
    lost = list(dict.fromkeys([table, *below] if table else below))
    if not lost:
        return "; iptables-restore ends here with an error, and what it committed before stays"
    opens = ": its chains stay empty and let everything through" if "*filter" in lost else ""
    return f"; iptables-restore loads nothing of {' and '.join(lost)}{opens}"


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
    return dump_shows_ufw(case)


def opaque(check: Check, case: Case) -> Iterator[Finding]:
    """A public service whose verdict hangs on a match or target that cannot be evaluated; once for each module."""
    told: set[str] = set()
    for view in case.views:
        for opening in view.of_kind("ports", "everything", "wide"):
            hanging = [piece for piece in opening.pieces if not piece.decision.certain and piece.source == "public"]
            services = [s for s in case.catalogue.services.values() if s.exposure not in _SENSITIVE]
            ports = [s for s in services if any(p.transport == s.protocol and s.port in p.ports for p in hanging)]
            if not ports:
                continue
            piece = next(p for p in hanging if p.transport == ports[0].protocol and ports[0].port in p.ports)
            result = replay(view.ruleset, witness(view.ruleset, piece, ports[0].port), lone=True)
            for step in result.depends_on:
                name = unknown_at(view.ruleset, step)
                refusing = name.startswith("the set") and step.effect.startswith("no match")  # bans, by the hour
                if name and not refusing and name not in told and step.span is not None:
                    told.add(name)
                    labels = [service.label for service in ports]
                    yield finding(
                        check, case, step.span,
                        f"whether {', '.join(labels[:4])} can be reached depends on {name}, which is not evaluated",
                        certainty="possible", families=[view.family], ports=labels,
                    )  # fmt: skip
