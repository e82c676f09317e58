"""``zimlint --show-files PATH...``: which files would be read, as what, and of which host. Nothing is judged."""

from __future__ import annotations

from zimlint.cli.inputs import read_inputs
from zimlint.cli.options import LintOptions
from zimlint.cli.output import say
from zimlint.cli.status import CLEAN, UNUSABLE
from zimlint.formats import sniff
from zimlint.reporters.words import escaped


def run_show_files(options: LintOptions) -> int:
    """Print a line for each file: host, kind, path."""
    batches, unread = read_inputs(options.inputs, options.config)
    rows: list[tuple[str, str, str]] = []
    for batch in batches:
        if batch.site is not None:
            rows.append(("", "site file", escaped(batch.site)))
        for host in batch.hosts:
            for source in host.sources:
                kind = options.inputs.kind or sniff(source) or "ufw-settings"  # what only --default-ufw names
                rows.append((escaped(host.name), kind, escaped(source.name)))
    wide, middle = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    say("".join(f"{host:<{wide}}  {kind:<{middle}}  {path}\n" for host, kind, path in rows))
    return UNUSABLE if unread else CLEAN
