"""Elements of the html report, and what findings and cells both show: a line of a file, a packet, its way.

Invariant: nothing is pasted together: every foreign text goes through ``escaped`` into the text of an element, and
ElementTree escapes it for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from zimlint.model import Step
from zimlint.packets import Packet
from zimlint.reporters.html_chains import chains_picture
from zimlint.reporters.text import place
from zimlint.reporters.words import effect_words, escaped, packet_words, runs
from zimlint.source import Source, Span

_LONGEST = 400
"""Characters of a shown line."""
_MOST_STEPS = 200


def el(tag: str, *content: Element | str, **attributes: str) -> Element:
    """An element; ``class_`` and ``aria_label`` become ``class`` and ``aria-label``."""
    made = Element(tag, {name.strip("_").replace("_", "-"): value for name, value in attributes.items()})
    last: Element | None = None
    for one in content:
        if isinstance(one, Element):
            made.append(one)
            last = one
        elif last is None:
            made.text = f"{made.text or ''}{one}"
        else:
            last.tail = f"{last.tail or ''}{one}"
    return made


def with_commands(text: str) -> Iterator[Element | str]:
    """An escaped text, what stands in backticks as code."""
    for number, part in enumerate(re.split(r"`([^`]+)`", text)):
        yield el("code", part) if number % 2 else part


class Lines:
    """The lines of the sources, split once each."""

    def __init__(self) -> None:
        self._known: dict[Source, list[str]] = {}

    def of(self, span: Span) -> str:
        """The line that a span begins in."""
        if span.source not in self._known:
            self._known[span.source] = span.source.text.split("\n")
        known = self._known[span.source]
        return known[span.line - 1].rstrip("\r") if 0 < span.line <= len(known) else ""


def line_block(span: Span, lines: Lines) -> Element:
    """Where it is and the line, with the meant part marked."""
    text = lines.of(span)
    first = min(max(span.column - 1, 0), len(text))
    last = min(max(span.end_column - 1, first), len(text)) if span.end_line <= span.line else len(text)
    last = len(text) if last == first else last
    before, marked, after = text[max(first - 60, 0) : first], text[first:last][:_LONGEST], text[last:][:_LONGEST]
    code = el("code", "..." if first > 60 else "", escaped(before), el("mark", escaped(marked)), escaped(after))
    return el("figure", el("figcaption", place(span)), el("pre", code, tabindex="0"), class_="line")


def packet_line(packet: Packet) -> Element:
    """The packet in words."""
    return el("p", "packet ", el("code", packet_words(packet)), class_="packet")


def way(path: Sequence[Step], lines: Lines) -> Iterator[Element]:
    """Each line that a packet meets, and the picture of the chains."""
    steps = el("ol", class_="path")
    spans = {(step.span.source, step.span.line): step.span for step in path if step.span is not None}
    together = runs(path)
    for run in together[:_MOST_STEPS]:
        idle = run.effect == "no match"
        shown = el("li", el("b", escaped(run.chain)), " ", class_="idle" if idle else "did")
        if run.source is not None:
            file = escaped(run.source.name)
            number = str(run.first) if run.first == run.last else f"{run.first}-{run.last}"
            shown.append(el("span", f"{file}:{number}", class_="place"))
            if run.first == run.last:
                text = escaped(lines.of(spans[run.source, run.first]).strip()[:_LONGEST])
                shown.append(el("code", text) if idle else el("code", el("mark", text)))
        shown.append(el("span", effect_words(run.effect), class_="effect"))
        steps.append(shown)
    if len(together) > _MOST_STEPS:
        steps.append(el("li", f"{len(together) - _MOST_STEPS} more"))
    yield steps
    picture = chains_picture(path, lines.of)
    if picture is not None:
        yield el("figure", el("figcaption", "the chains that it walks"), picture, class_="chains")
