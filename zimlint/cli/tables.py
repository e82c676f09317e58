"""``zimlint checks``, ``zimlint ports`` and ``zimlint explain ID``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from zimlint.checks import Check, load_checks, text_of
from zimlint.cli import CLEAN
from zimlint.cli.ids import known_check
from zimlint.cli.options import TableOptions
from zimlint.cli.output import say
from zimlint.finding import Severity


def run_table(options: TableOptions) -> int:
    """Print what was asked for."""
    match options.command:
        case "checks":
            say(_checks())
        case "ports":
            say(_ports())
        case _:
            say(_explained(options.id))
    return CLEAN


def severity_word(check: Check) -> str:
    """A check's severity as it is written in a site file."""
    return check.severity.word if isinstance(check.severity, Severity) else check.severity


def _checks() -> str:
    from tabulate import tabulate

    rows = [(check.id, severity_word(check), check.title) for check in load_checks().values()]
    return tabulate(rows, headers=("check", "severity", "fires when"), tablefmt="simple") + "\n"


def _ports() -> str:
    from tabulate import tabulate

    from zimlint.zimbra.catalogue import load_catalogue

    rows = [
        (service.label, service.name, service.exposure, " ".join(service.roles), service.clients)
        for service in load_catalogue().services.values()
    ]
    headers = ("port", "service", "exposure", "listens on", "clients")
    return (
        tabulate(
            rows, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=[None, None, None, 24, 50]
        )
        + "\n"
    )


def _explained(name: str) -> str:
    checks = load_checks()
    known_check(checks, name)
    return "\n".join(_lines(checks[name])) + "\n"


def _lines(check: Check) -> Iterator[str]:
    yield f"{check.id} ({severity_word(check)}): {check.title}"
    for head, text in (("why", check.why), ("fix", text_of(check).fix)):
        yield ""
        yield head
        for paragraph in text.split("\n\n"):
            yield textwrap.fill(" ".join(paragraph.split()), 96, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield "sources"
    for source in check.sources:
        yield textwrap.fill(source, 96, initial_indent="  - ", subsequent_indent="    ", break_long_words=False)
