"""The baseline: findings that are known, in a file that people keep and review, so that only new ones are reported.

Invariant: sorted and without line numbers, so that two baselines differ only in what was found.
Invariant: nothing is taken for gone that this run did not look for: files not read, checks not asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from zimlint.finding import Known, Report
from zimlint.fingerprint import fingerprints, path_from
from zimlint.source import ConfigError, Source, Span, decodable

_SCHEMA = "zimlint-baseline/1"


def known_now(report: Report, base: str) -> list[Known]:
    """Every finding of a report as an entry; ``base`` is the folder that the baseline lies in."""
    hashes = fingerprints(report.findings, report.base, base)
    return [
        Known(
            fingerprint,
            finding.check,
            decodable(path_from(finding.span.source.name, report.base, base)),
            decodable(finding.message),
        )
        for finding, fingerprint in zip(report.findings, hashes, strict=True)
    ]


def baseline_text(entries: Iterable[Known]) -> str:
    """The baseline as JSON, one object an entry."""
    import json

    ordered = sorted(set(entries), key=lambda entry: (entry.file, entry.check, entry.message, entry.fingerprint))
    return json.dumps({"schema": _SCHEMA, "findings": [entry._asdict() for entry in ordered]}, indent=1) + "\n"


def read_baseline(source: Source) -> tuple[Known, ...]:
    """The entries of a file; ConfigError says what is wrong in which line."""
    import json

    try:
        whole = json.loads(source.text)
    except json.JSONDecodeError as error:
        span = Span(source, error.lineno, error.colno)
        raise ConfigError(f"not a baseline: {error.msg[:1].lower()}{error.msg[1:]}", span) from None
    except RecursionError:
        raise ConfigError("not a baseline: nested too deep", Span(source, 1)) from None
    if not isinstance(whole, dict) or whole.get("schema") != _SCHEMA:
        raise ConfigError(f'not a baseline: expected an object with "schema": "{_SCHEMA}"', Span(source, 1))
    rows = whole.get("findings")
    if not isinstance(rows, list):
        raise ConfigError("not a baseline: expected a list of findings", Span(source, 1))
    return tuple(_entry(row, number, source) for number, row in enumerate(rows))


def only_new(
    report: Report,
    known: Collection[Known],
    base: str,
    *,
    checks: Collection[str],
    read: Collection[str],
    there: Collection[str],
) -> Report:
    """The report without what is known.

    ``checks`` are all there are; ``read`` are the files of this run and ``there`` those of the baseline that exist,
    both as seen from ``base``. An entry that was not met is gone if its file was read or is there no more, and its
    check was asked or is there no more.
    """
    hashes = fingerprints(report.findings, report.base, base)
    listed = {entry.fingerprint for entry in known}
    met = listed.intersection(hashes)
    left = tuple(finding for finding, one in zip(report.findings, hashes, strict=True) if one not in listed)
    old = tuple(finding for finding, one in zip(report.findings, hashes, strict=True) if one in listed)
    asked = {check.id for check in report.checks}
    gone = tuple(
        entry
        for entry in known
        if entry.fingerprint not in met
        and (entry.file in read or entry.file not in there)
        and (entry.check in asked or entry.check not in checks)
    )
    return report._replace(findings=left, known=len(old), gone=gone, baselined=old)


def _entry(row: object, number: int, source: Source) -> Known:
    if isinstance(row, dict):
        texts = [row.get(key) for key in Known._fields]
        if all(isinstance(text, str) for text in texts):
            return Known(*map(str, texts))
    fields = ", ".join(Known._fields)
    raise ConfigError(f"entry {number + 1}: expected an object with {fields}", Span(source, _line(source, number)))


def _line(source: Source, number: int) -> int:
    """The line that an entry begins in: entries hold no objects, so they are the braces after the first."""
    starts = [found.start() for found in re.finditer(r'"(?:[^"\\]|\\.)*"|\{', source.text) if found[0] == "{"]
    place = starts[number + 1] if number + 1 < len(starts) else 0
    return source.text.count("\n", 0, place) + 1
