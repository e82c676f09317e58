"""``zimlint PATH...``."""

from __future__ import annotations

from zimlint.cli.linted import judged, lint_inputs
from zimlint.cli.options import LintOptions
from zimlint.cli.publish import publish
from zimlint.cli.status import UNUSABLE


def run_lint(options: LintOptions) -> int:
    """Lint, print the reports, return the exit status."""
    if options.show_files:
        from zimlint.cli.show_files import run_show_files

        return run_show_files(options)
    if options.many:
        from zimlint.cli.fleet import run_fleet

        return run_fleet(options)
    linted = lint_inputs(options)
    report = judged(linted, options)
    if options.mapped:
        from zimlint.cli.maps import maps_of

        report = report._replace(maps=maps_of(linted.batches, linted.known))
    good = publish(report, options)
    return report.status if good else UNUSABLE
