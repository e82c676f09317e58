"""``zimlint baseline PATH...``, and what ``--baseline FILE`` leaves of a report.

Invariant: a baseline is read before anything is written, and only ``--prune`` changes one in place.
"""

from __future__ import annotations

import os

from zimlint.baseline import baseline_text, known_now, only_new, read_baseline
from zimlint.cli import CLEAN, UNUSABLE
from zimlint.cli.files import write_file
from zimlint.cli.inputs import must_read
from zimlint.cli.lint import Linted, lint_inputs
from zimlint.cli.options import BaselineOptions
from zimlint.cli.output import say, warn
from zimlint.finding import Report
from zimlint.fingerprint import path_from
from zimlint.reporters.words import counted
from zimlint.source import decodable


def run_baseline(options: BaselineOptions) -> int:
    """Write the baseline; the exit status is 0 unless something could not be read."""
    if options.prune is not None:
        return _prune(options, options.prune)
    linted = lint_inputs(options.lint)
    base = os.getcwd() if options.output is None else _folder(options.output)
    entries = known_now(linted.report, base)
    if options.output is None:
        say(baseline_text(entries))
    else:
        write_file(options.output, baseline_text(entries))
    warn(f"{counted(len(entries), 'finding')} in the baseline\n")
    return UNUSABLE if linted.report.unread else CLEAN


def without_known(linted: Linted, file: str) -> Report:
    """The report without the findings that a baseline knows."""
    report = linted.report
    known = read_baseline(must_read(file))
    base = os.getcwd() if file == "-" else _folder(file)
    names = [source.name for batch in linted.batches for host in batch.hosts for source in host.sources]
    there = {entry.file for entry in known if entry.file == "-" or os.path.exists(os.path.join(base, entry.file))}
    read = {decodable(path_from(name, report.base, base)) for name in names}
    return only_new(report, known, base, checks=linted.checks, read=read, there=there)


def _prune(options: BaselineOptions, file: str) -> int:
    known = read_baseline(must_read(file))
    linted = lint_inputs(options.lint)
    left = without_known(linted, file)
    kept = [entry for entry in known if entry not in left.gone]
    if left.gone:
        write_file(file, baseline_text(kept))
    said = [f"{counted(len(left.gone), 'entry', 'entries')} taken out, {len(kept)} kept"]
    if left.findings:
        said.append(f"{counted(len(left.findings), 'finding')} not in the baseline, and not added")
    warn("; ".join(said) + "\n")
    return UNUSABLE if linted.report.unread else CLEAN


def _folder(file: str) -> str:
    return os.path.dirname(os.path.abspath(file))
