"""``zimlint checks``, ``zimlint ports`` and ``zimlint explain ID``."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from zimlint.checks import Check, text_of
from zimlint.cli.ids import known_check
from zimlint.cli.options import TableOptions
from zimlint.cli.output import say, terminal_columns
from zimlint.cli.sites import rules_here
from zimlint.cli.status import CLEAN
from zimlint.finding import Severity
from zimlint.zimbra.catalogue import Catalogue

_LONGEST, _SHORTEST = 96, 24
"""Characters of a line of text."""


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
    rows = [(check.id, severity_word(check), check.title) for check in checks.values()]
    return _table(("check", "severity", "fires when"), rows, (None, None, None))


def _ports(catalogue: Catalogue) -> str:
    rows = [
        (service.label, service.name, service.exposure, " ".join(service.roles), service.clients)
        for service in catalogue.services.values()
    ]
    headers = ("port", "service", "exposure", "listens on", "clients")
    return _table(headers, rows, (None, None, None, 24, 50))


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], most: Sequence[int | None]) -> str:
    """The columns at most so wide, and on a narrow terminal the widest narrower, while no word need be broken."""
    from tabulate import tabulate

    columns = _terminal()
    widths = most if columns is None else _fitted(headers, rows, most, columns)
    return tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=list(widths)) + "\n"


def _fitted(
    headers: Sequence[str], rows: Sequence[Sequence[str]], most: Sequence[int | None], columns: int
) -> list[int]:
    from tabulate import MIN_PADDING

    texts = [(head + " " * MIN_PADDING, *column) for head, column in zip(headers, zip(*rows, strict=True), strict=True)]
    widths = [min(max(map(len, column)), limit or columns) for column, limit in zip(texts, most, strict=True)]
    words = [r"\S+", *[r"[^\s-]+-?"] * (len(texts) - 1)]  # what the first column holds is pasted elsewhere
    least = [
        max(len(column[0]), *(len(word) for text in column[1:] for word in re.findall(pattern, text)))
        for column, pattern in zip(texts, words, strict=True)
    ]
    widths = [max(width, word) for width, word in zip(widths, least, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > columns:
        wide = [place for place, width in enumerate(widths) if width > least[place]]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _terminal() -> int | None:
    """How wide the terminal is; None for a file or a pipe, whose lines are as long as they need be."""
    return terminal_columns(sys.stdout) if sys.stdout is not None and sys.stdout.isatty() else None


def _explained(checks: Mapping[str, Check], name: str) -> str:
    pasted = re.fullmatch(r"(?:error|warning|info|note)\[(.+)\]:?", name)  # as it stands in a report
    name = pasted[1] if pasted else name
    known_check(checks, name)
    return "\n".join(_lines(checks[name], _terminal())) + "\n"


def _lines(check: Check, columns: int | None) -> Iterator[str]:
    width = min(_LONGEST, max(columns or _LONGEST, _SHORTEST))
    title = f"{check.id} ({severity_word(check)}): {check.title}"
    yield title if columns is None else textwrap.fill(title, max(columns, _SHORTEST), break_on_hyphens=False)
    for head, text in (("why", check.why), ("fix", text_of(check).fix)):
        yield ""
        yield head
        for paragraph in text.split("\n\n"):
            yield textwrap.fill(
                " ".join(paragraph.split()), width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
            )
    yield ""
    yield "sources"
    for source in check.sources:
        yield textwrap.fill(source, width, initial_indent="  - ", subsequent_indent="    ", break_long_words=False)
