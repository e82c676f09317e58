"""From a report to what a user sees: each wanted format to its file or to standard output.

Invariant: a file that cannot be written keeps no other report from being given.
"""

from __future__ import annotations

import sys

from zimlint.cli.options import LintOptions, Wanted
from zimlint.cli.output import complain, say, terminal_columns, wants_colour, warn
from zimlint.finding import Report
from zimlint.reporters import Rendered, Style, reporter

_TELLING = ("text", "concise", "json", "jsonl", "sarif")
"""The formats with a place for what a baseline holds in vain."""


def publish(report: Report, options: LintOptions) -> bool:
    """Give all reports; whether all files could be written. What stands beside the findings is said once."""
    good = True
    remarks = ""
    shown = False
    for wanted in options.reports or (Wanted(),):
        rendered = _rendered(report, wanted, options)
        remarks = remarks or rendered.remarks
        if wanted.file is None:
            shown = True
            say(rendered.findings)
        else:
            good = _write(wanted.file, rendered.findings) and good
    if not options.quiet and not shown and not remarks:
        from zimlint.reporters.text import summary

        remarks = f"{summary(report)}\n"  # else a pipeline's log would show nothing at all
    if report.gone and not options.quiet and not any(wanted.format in _TELLING for wanted in options.reports):
        from zimlint.reporters.text import gone_lines

        remarks = "".join(f"{line}\n" for line in gone_lines(report)) + remarks
    warn(remarks)
    return good


def _rendered(report: Report, wanted: Wanted, options: LintOptions) -> Rendered:
    style = shown_style(options) if wanted.file is None else _file_style(options)
    return reporter("statistics" if options.statistics else wanted.format)(report, style)


def shown_style(options: LintOptions) -> Style:
    """How a report is printed on standard output."""
    out = sys.stdout
    terminal = out is not None and out.isatty()
    return Style(
        wants_colour(options.color, out), options.quiet, terminal_columns(out), options.show_accepted, terminal
    )


def _file_style(options: LintOptions) -> Style:
    return Style(options.color == "always", options.quiet, accepted=options.show_accepted)


def _write(file: str, text: str) -> bool:
    from zimlint.cli.files import write_file
    from zimlint.source import ConfigError

    try:
        write_file(file, text)
    except ConfigError as error:
        complain(error.message)
        return False
    return True
