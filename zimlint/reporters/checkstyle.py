"""Checkstyle's XML, which many a CI server reads from any linter.

Invariant: the document is well-formed XML 1.0: characters that it cannot hold are spelled out.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from zimlint.finding import Report
from zimlint.fingerprint import path_from
from zimlint.reporters import Rendered, Style
from zimlint.reporters.words import escaped, message_words
from zimlint.reporters.xml_text import document

_VERSION = "10.0"
"""Of Checkstyle, whose form this is."""


def render(report: Report, style: Style) -> Rendered:
    """The findings by file; a file that could not be read has an error of its own."""
    root = Element("checkstyle", version=_VERSION)
    files: dict[str, Element] = {}
    for unread in report.unread:
        _error(
            root, files, path_from(unread.file, report.base), 1, 1, "error", "not-read", f"not read: {unread.reason}"
        )
    for finding in report.findings:
        span = finding.span
        _error(
            root,
            files,
            path_from(span.source.name, report.base),
            span.line,
            span.column,
            finding.severity.word,
            finding.check,
            message_words(finding),
        )
    return Rendered(document(root))


def _error(
    root: Element,
    files: dict[str, Element],
    name: str,
    line: int,
    column: int,
    severity: str,
    check: str,
    message: str,
) -> None:
    if name not in files:
        files[name] = SubElement(root, "file", name=escaped(name))
    SubElement(
        files[name],
        "error",
        line=str(line),
        column=str(column),
        severity=severity,
        message=escaped(message),
        source=f"zimlint.{check}",
    )
