"""``zimlint baseline PATH...``: what is known now, as a file.

Invariant: a baseline is read before anything is written, and only ``--prune`` changes one in place.
"""

from __future__ import annotations

import os

from zimlint.baseline import baseline_text, known_now, read_baseline
from zimlint.cli.files import write_file
from zimlint.cli.inputs import must_read
from zimlint.cli.linted import Linted, lint_inputs, without_known
from zimlint.cli.options import BaselineOptions
from zimlint.cli.output import say, warn
from zimlint.cli.status import CLEAN, OUR_BUG, UNUSABLE
from zimlint.reporters.words import counted


def run_baseline(options: BaselineOptions) -> int:
    """Write the baseline; the exit status is 0 unless something could not be read, or zimlint failed on a host."""
    if options.prune is not None:
        return _prune(options, options.prune)
    linted, status = _linted(options)
    base = os.getcwd() if options.output is None else _folder(options.output)
    entries = known_now(linted.report, base)
    if options.output is None:
        say(baseline_text(entries))
    else:
        write_file(options.output, baseline_text(entries))
    warn(f"{counted(len(entries), 'finding')} in the baseline\n")
    return status


def _linted(options: BaselineOptions) -> tuple[Linted, int]:
    """What was found, and the exit status."""
    if not options.lint.many:
        linted = lint_inputs(options.lint)
    else:
        from zimlint.cli.fleet import lint_fleet

        linted, failures = lint_fleet(options.lint)
        if failures:
            return linted, OUR_BUG
    return linted, UNUSABLE if linted.report.unread else CLEAN


def _prune(options: BaselineOptions, file: str) -> int:
    known = read_baseline(must_read(file))
    linted, status = _linted(options)
    if status == OUR_BUG:
        return status  # what became of those hosts' findings is not known
    left = without_known(linted, file)
    kept = [entry for entry in known if entry not in left.gone]
    if left.gone:
        write_file(file, baseline_text(kept))
    said = [f"{counted(len(left.gone), 'entry', 'entries')} taken out, {len(kept)} kept"]
    if left.findings:
        said.append(f"{counted(len(left.findings), 'finding')} not in the baseline, and not added")
    warn("; ".join(said) + "\n")
    return status


def _folder(file: str) -> str:
    return os.path.dirname(os.path.abspath(file))
