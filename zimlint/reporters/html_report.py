"""One self-contained page: findings with filters, and the map of each host with what proves each cell.

Its policy (CSP Level 3, ``meta``) lets only the page's own style and script run and forbids the network altogether;
without the script everything is there but the filters, and a cell's way is one key further.
Invariant: beside its own two assets this reads no file, and nothing of the input is markup.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, tostring

from zimlint.finding import CheckText, Finding, Report, Severity
from zimlint.reporters import Rendered, Style
from zimlint.reporters.html_map import map_section
from zimlint.reporters.html_parts import Lines, el, line_block, packet_line, way, with_commands
from zimlint.reporters.text import place, summary
from zimlint.reporters.words import escaped, message_words

_MOST_FINDINGS = 5_000
_MOST_RELATED = 20


def render(report: Report, style: Style) -> Rendered:
    """The whole page; there is nothing to say beside it."""
    lines = Lines()
    css, script = _asset("html.css"), _asset("html.js")
    head = el(
        "head",
        el("meta", charset="utf-8"),
        Element("meta", {"http-equiv": "Content-Security-Policy", "content": _policy(css, script)}),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("link", rel="icon", href="data:,"),
        el("title", "zimlint: " + escaped(", ".join(report.hosts[:3]) or "no host")),
        el("style", css),
    )
    ordered = sorted(report.findings, key=lambda finding: -finding.severity)
    main = el("main", _findings(ordered), *_maps(report), id="main")
    top = el("header", el("h1", "zimlint"), el("p", escaped(summary(report))), *_remarks(report))
    skip = el("a", "skip to the findings", href="#main", class_="skip")
    page = el("html", head, el("body", skip, top, main, el("script", script)), lang="en")
    texts = {check.id: check for check in report.checks}
    findings = (_finding(finding, texts.get(finding.check), lines) for finding in ordered[:_MOST_FINDINGS])
    maps = (map_section(found, number, lines) for number, found in enumerate(report.maps))
    return Rendered(f"<!DOCTYPE html>\n{_filled(page, findings, maps)}\n")


def _filled(page: Element, *lists: Iterable[Element]) -> str:
    """The page with elements in its gaps: one after the other, as trees of all of them would fill the memory."""
    text, *rest = _text(page).split(_text(_gap()))
    for elements, after in zip(lists, rest, strict=False):
        text += "".join((*map(_text, elements), after))
    return text


def _gap() -> Element:
    """Where elements are to be filled in; text of the input is never an element."""
    return el("gap")


def _text(element: Element) -> str:
    return tostring(element, encoding="unicode", method="html")


def _asset(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def _policy(css: str, script: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    style, code = (b64encode(sha256(text.encode()).digest()).decode() for text in (css, script))
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{code}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _remarks(report: Report) -> Iterable[Element]:
    items = [el("li", f"not read: {escaped(one.file)}: {escaped(one.reason)}") for one in report.unread]
    items += [el("li", f"note: {escaped(one.host)}: {escaped(one.message)}") for one in report.notes]
    return [el("ul", *items, class_="remarks")] if items else []


def _findings(ordered: Sequence[Finding]) -> Element:
    section = el("section", el("h2", "Findings", id="findings"), aria_labelledby="findings")
    if not ordered:
        section.extend([el("p", "nothing found"), _gap()])
        return section
    section.extend([_filters(ordered), _gap()])
    if len(ordered) > _MOST_FINDINGS:
        section.append(el("p", f"{len(ordered) - _MOST_FINDINGS} more of the least severity are left out"))
    return section


def _filters(findings: Sequence[Finding]) -> Element:
    choices = {
        "severity": [severity.word for severity in sorted(Severity, reverse=True)],
        "check": sorted({finding.check for finding in findings}),
        "host": sorted({escaped(finding.host) for finding in findings}),
    }
    form = el("form", id="filters", hidden="", aria_label="filter the findings")
    for name, values in choices.items():
        options = [el("option", "all", value=""), *(el("option", value, value=value) for value in values)]
        form.append(el("label", f"{name} ", el("select", *options, name=name, id=f"filter-{name}")))
    form.append(el("button", "show all", type="reset"))
    form.append(el("output", str(len(findings)), id="shown", aria_live="polite"))
    return form


def _finding(finding: Finding, text: CheckText | None, lines: Lines) -> Element:
    word = finding.severity.word
    title = el("h3", el("span", word, class_=f"badge {word}"), " ", escaped(message_words(finding)))
    facts = f"{finding.check} on {escaped(finding.host)}"
    made = el(
        "article", title, el("p", facts, class_="facts"), line_block(finding.span, lines), class_=f"finding {word}",
        data_severity=word, data_check=finding.check, data_host=escaped(finding.host),
    )  # fmt: skip
    if finding.fix:
        made.append(el("p", el("b", "fix "), *with_commands(escaped(finding.fix)), class_="fix"))
    if finding.related:
        seen = [
            el("li", el("span", place(span), class_="place"), f" {escaped(why)}")
            for span, why in finding.related[:_MOST_RELATED]
        ]
        if len(finding.related) > _MOST_RELATED:
            seen.append(el("li", f"{len(finding.related) - _MOST_RELATED} more places"))
        made.append(el("details", el("summary", "see also"), el("ul", *seen)))
    if finding.evidence is not None:
        packet, path, _ = finding.evidence
        shown = (packet_line(packet), *way(path, lines))
        made.append(el("details", el("summary", "the packet that proves it, and its way"), *shown, class_="proof"))
    if text is not None:
        made.append(el("details", el("summary", "why"), el("p", text.why)))
    return made


def _maps(report: Report) -> Iterable[Element]:
    if not report.maps:
        return []
    section = el("section", el("h2", "Who reaches what", id="maps"), aria_labelledby="maps")
    section.append(el("p", "Each cell opens the packet that proves it. A ! is against Zimbra practice."))
    section.append(_gap())
    if len(report.hosts) > len(report.maps):
        section.append(el("p", f"{len(report.maps)} of {len(report.hosts)} hosts have a map here"))
    return [section]
