"""``zimlint checks``, ``zimlint ports`` and ``zimlint explain ID``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping

from zimlint.checks import Check, text_of
from zimlint.cli.ids import known_check
from zimlint.cli.options import TableOptions
from zimlint.cli.output import say
from zimlint.cli.sites import rules_here
from zimlint.cli.status import CLEAN
from zimlint.finding import Severity
from zimlint.zimbra.catalogue import Catalogue


def run_table(options: TableOptions) -> int:
    """Print what was asked for."""
    checks, catalogue, _ = rules_here(options.rules, options.config)
    match options.command:
        case "checks":
            say(_checks(checks))
        case "ports":
            say(_ports(catalogue))
        case _:
            say(_explained(checks, options.id))
    return CLEAN


def severity_word(check: Check) -> str:
    """A check's severity as it is written in a site file."""
    return check.severity.word if isinstance(check.severity, Severity) else check.severity


def _checks(checks: Mapping[str, Check]) -> str:
    from tabulate import tabulate

    rows = [(check.id, severity_word(check), check.title) for check in checks.values()]
    return tabulate(rows, headers=("check", "severity", "fires when"), tablefmt="simple") + "\n"


def _ports(catalogue: Catalogue) -> str:
    from tabulate import tabulate

    rows = [
        (service.label, service.name, service.exposure, " ".join(service.roles), service.clients)
        for service in catalogue.services.values()
    ]
    headers = ("port", "service", "exposure", "listens on", "clients")
    return (
        tabulate(
            rows, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=[None, None, None, 24, 50]
        )
        + "\n"
    )


def _explained(checks: Mapping[str, Check], name: str) -> str:
    pasted = re.fullmatch(r"(?:error|warning|info|note)\[(.+)\]:?", name)  # as it stands in a report
    name = pasted[1] if pasted else name
    known_check(checks, name)
    return "\n".join(_lines(checks[name])) + "\n"


def _lines(check: Check) -> Iterator[str]:
    yield f"{check.id} ({severity_word(check)}): {check.title}"
    for head, text in (("why", check.why), ("fix", text_of(check).fix)):
        yield ""
        yield head
        for paragraph in text.split("\n\n"):
            yield textwrap.fill(
                " ".join(paragraph.split()), 96, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
            )
    yield ""
    yield "sources"
    for source in check.sources:
        yield textwrap.fill(source, 96, initial_indent="  - ", subsequent_indent="    ", break_long_words=False)
