"""JUnit's XML, which CI servers show as tests: a suite for each host, and in it a test for each check that was asked.

A test fails by a finding that fails the run; what is found below the threshold stands in its output. All findings of a
check are one failure, since servers show one for each test.
The form is the one that Jenkins describes (junit-10.xsd of its xunit plugin), without times: there are none to tell.
Invariant: the document is well-formed XML 1.0: characters that it cannot hold are spelled out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement

from zimlint.finding import Finding, Note, Report
from zimlint.reporters import Rendered, Style
from zimlint.reporters.text import finding_lines
from zimlint.reporters.words import escaped, message_words
from zimlint.reporters.xml_text import document
from zimlint.source import Source


def render(report: Report, style: Style) -> Rendered:
    """The suites of the hosts, after one of the inputs that could not be read."""
    suites = [_unread(report)] if report.unread else []
    suites += _hosts(report)
    root = Element("testsuites", {"name": "zimlint", **_counts(suites)})
    root.extend(suites)
    return Rendered(document(root))


def _unread(report: Report) -> Element:
    tests: list[Element] = []
    for unread in report.unread:
        test = Element("testcase", classname="inputs", name=escaped(unread.file), time="0")
        SubElement(test, "error", message=escaped(unread.reason), type="not-read")
        tests.append(test)
    return _suite("inputs", tests)


def _hosts(report: Report) -> Iterator[Element]:
    findings: dict[tuple[str, str], list[Finding]] = {}
    notes: dict[tuple[str, str], list[Note]] = {}
    for finding in report.findings:
        findings.setdefault((finding.host, finding.check), []).append(finding)
    for note in report.notes:
        notes.setdefault((note.host, note.check), []).append(note)
    lines: dict[Source, list[str]] = {}
    asked = [check.id for check in report.checks]
    for host in dict.fromkeys((*report.hosts, *(host for host, _ in findings))):
        checks = dict.fromkeys((*asked, *(check for of, check in (*findings, *notes) if of == host)))
        tests: list[Element] = []
        for check in checks:
            test = Element("testcase", classname=escaped(host), name=check, time="0")
            found = findings.get((host, check), [])
            failing = [finding for finding in found if finding.severity >= report.fail_on]
            if failing:
                more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
                message = escaped(message_words(failing[0])) + more
                failure = SubElement(test, "failure", message=message, type=failing[0].severity.word)
                failure.text = _body(failing, lines)
            said = [_body([finding for finding in found if finding not in failing], lines)]
            said += (escaped(note.message) for note in notes.get((host, check), []))
            if any(said):
                SubElement(test, "system-out").text = "\n".join(filter(None, said))
            tests.append(test)
        yield _suite(escaped(host), tests)


def _body(findings: Iterable[Finding], lines: dict[Source, list[str]]) -> str:
    return "\n\n".join("\n".join(finding_lines(finding, Style(), lines)) for finding in findings)


def _suite(name: str, tests: list[Element]) -> Element:
    counts = {
        "tests": len(tests),
        "failures": sum(test.find("failure") is not None for test in tests),
        "errors": sum(test.find("error") is not None for test in tests),
    }
    given = {key: str(count) for key, count in counts.items()}
    suite = Element("testsuite", {"name": name, **given, "skipped": "0", "time": "0"})
    suite.extend(tests)
    return suite


def _counts(suites: Iterable[Element]) -> dict[str, str]:
    return {key: str(sum(int(suite.get(key, "0")) for suite in suites)) for key in ("tests", "failures", "errors")}
