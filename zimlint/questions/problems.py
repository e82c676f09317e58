"""Facts that a reader of a format already found, settings of ufw, and matches that nobody can evaluate.

Params of ``problem``: by the format of the file, what to do there beside the ``fix`` that holds everywhere.
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
from zimlint.source import Source

_SENSITIVE = ("admin", "cluster", "loopback", "never-public")


def problem(check: Check, case: Case) -> Iterator[Finding]:
    """The problems of this check that reading the host brought up; lines of a file that fail alike are one fault."""
    alike: dict[tuple[str, str], dict[int, Problem]] = {}
    for each in case.problems():
        if each.check == check.id:
            alike.setdefault((each.span.source.name, each.message), {}).setdefault(each.span.line, each)
    ends = {id(next((p for p in ruleset.problems if p.fatal), None)): ruleset for ruleset in case.host.rulesets}
    for by_line in alike.values():
        fault, *others = by_line.values()
        message = fault.message
        if others:
            message += f"; {len(others)} more {'lines fail' if len(others) > 1 else 'line fails'} alike"
        if id(fault) in ends and ends[id(fault)].view == "dump":
            message += _consequence(fault)
        fitting = _fitting(check, case, fault.span.source)
        yield finding(fitting, case, fault.span, message, related=[(other.span, "fails alike") for other in others])


def _fitting(check: Check, case: Case, source: Source) -> Check:
    """The check with the advice for files like this one."""
    advice = check.params.get(case.host.kinds.get(source, ""), "")
    return check._replace(fix=f"{check.fix} {advice}".rstrip())


def _consequence(fault: Problem) -> str:
    """What the kernel is left with: iptables-restore ends at its first fault, what it committed by then stays."""
    lines = fault.span.source.text.removeprefix("\ufeff").split("\n")
    starts = {number: _table(line) for number, line in enumerate(lines, 1) if line[:1] == "*"}
    above = [number for number in starts if number <= fault.span.line]
    if above and "COMMIT" in lines[above[-1] : fault.span.line - 1]:
        lost, kept = [], above
    else:
        lost, kept = above[-1:], above[:-1]
    lost += [number for number in starts if number > fault.span.line]
    stays = {starts[number]: number for number in kept}
    empty = list(dict.fromkeys(starts[number] for number in lost if starts[number] not in stays))
    again = {starts[number]: number for number in reversed(lost) if starts[number] in stays}
    said = []
    if empty:
        opens = ": its chains stay empty and let everything through" if "*filter" in empty else ""
        said.append(f"iptables-restore loads nothing of {' and '.join(empty)}{opens}")
    for table, number in sorted(again.items(), key=lambda item: item[1]):
        said.append(
            f"iptables-restore does not load the {table} block of line {number}, that of line {stays[table]} stays"
        )
    return "; " + ("; ".join(said) or "iptables-restore ends here with an error, and what it committed before stays")


def _table(line: str) -> str:
    """``*filter`` of the line that opens a block: the tool takes the first word."""
    return "*" + " ".join(line[1:].split()[:1])


def setting(check: Check, case: Case) -> Iterator[Finding]:
    """A key of ufw's files has a value that it should not have, as the boot script (or the command) reads it."""
    key = str(check.params.get("key"))
    held = case.host.settings.get(key)
    if held is None:
        return
    by_boot, by_command = held.boot, held.command
    if check.params.get("read_by") == "command":
        value = by_command or ""
    else:
        value = by_boot if by_boot is not None else by_command or ""
    if not _faulty(check, value) or (key == "ENABLED" and not _loaded(case)):
        return
    written = by_boot if by_boot is not None else by_command or ""
    yield finding(check, case, held.span, _MEANS.get(key, "{}").format(f"{key}={written}") + _loglevel(key, value))


_MEANS = {
    "ENABLED": "rules are loaded, but {}: the next boot starts without a firewall",
    "IPV6": "{}: ufw drops all IPv6, incoming and outgoing",
    "MANAGE_BUILTINS": "{}: whenever ufw starts or stops, the rules of all other programs are gone",
}


def _faulty(check: Check, value: str) -> bool:
    """``is`` lists the faulty values to the letter, ``is_not`` the right ones in any case."""
    if "is" in check.params:
        return value in _words(check.params["is"])
    return value.lower() not in _words(check.params.get("is_not", ()))


def _words(param: str | tuple[str, ...]) -> tuple[str, ...]:
    return (param,) if isinstance(param, str) else param


def _loglevel(key: str, value: str) -> str:
    """What ufw does with a level (ufw/backend_iptables.py, ``_get_logging_rules``)."""
    if key != "LOGLEVEL":
        return ""
    if value == "off":
        return ": nothing that the firewall refuses is logged"
    return ', which ufw takes for no level: adding or deleting a rule fails with "Invalid log level"'


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
