"""The picture of the chains that a packet walks: chains as boxes, jumps as edges, the taken way marked.

Jumps that the packet passed by are dashed.
Invariant: drawn from the steps of one path alone; all text goes through ``escaped``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from zimlint.model import Step
from zimlint.reporters.words import effect_words, escaped
from zimlint.source import Span

_WIDE, _HIGH, _GAP_X, _GAP_Y = 190, 26, 44, 14
_MOST = 40
_PASSED = 6
"""Jumps that were not taken, of each chain."""
_JUMP = re.compile(r"(?:-j|-g|--jump|--goto)[ =](\S+)")


class _Box(NamedTuple):
    """A chain, or where the way ends."""

    name: str
    depth: int
    parent: int | None
    label: str
    kind: str
    """taken, passed, accept, drop, reject or end."""


def chains_picture(path: Sequence[Step], line_of: Callable[[Span], str]) -> Element | None:
    """An ``svg``, None where there is no way to draw."""
    boxes = _boxes(path, line_of)
    if not boxes:
        return None
    width = (max(box.depth for box in boxes) + 1) * (_WIDE + _GAP_X)
    height = len(boxes) * (_HIGH + _GAP_Y) + _GAP_Y
    taken = ", ".join(f"{box.label} {box.name}".strip() for box in boxes if box.kind != "passed")
    svg = Element(
        "svg",
        {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height), "role": "img",
         "aria-label": escaped(f"the way: {taken}")},
    )  # fmt: skip
    for row, box in enumerate(boxes):
        _edge(svg, box, row)
    for row, box in enumerate(boxes):
        _draw(svg, box, row)
    return svg


def _boxes(path: Sequence[Step], line_of: Callable[[Span], str]) -> list[_Box]:
    boxes: list[_Box] = []
    stack: list[int] = []
    passed: dict[int, int] = {}
    for step in path:
        if len(boxes) >= _MOST:
            break
        while stack and boxes[stack[-1]].name != step.chain:
            stack.pop()
        if not stack:
            boxes.append(_Box(step.chain, 0, None, "", "taken"))
            stack.append(len(boxes) - 1)
        here = stack[-1]
        label = "" if step.span is None else f"line {step.span.line}"
        verb, _, name = step.effect.partition(" ")
        if verb in ("jump", "goto") and name:
            boxes.append(_Box(name, boxes[here].depth + 1, here, label, "taken"))
            stack.append(len(boxes) - 1)
        elif step.effect == "no match" and step.span is not None:
            found = _JUMP.search(line_of(step.span))
            if found and f":{found[1]} " in step.span.source.text and passed.get(here, 0) < _PASSED:
                passed[here] = passed.get(here, 0) + 1
                boxes.append(_Box(found[1], boxes[here].depth + 1, here, label, "passed"))
        elif step is path[-1]:
            last = step.effect.rpartition(" ")[2]
            kind = last if last in ("accept", "drop", "reject") else "end"
            label = "" if step.effect.startswith("default ") else label
            boxes.append(_Box(effect_words(step.effect), boxes[here].depth + 1, here, label, kind))
    return boxes


def _middle(row: int) -> int:
    return _GAP_Y + row * (_HIGH + _GAP_Y) + _HIGH // 2


def _left(box: _Box) -> int:
    return box.depth * (_WIDE + _GAP_X) + 2


def _edge(svg: Element, box: _Box, row: int) -> None:
    if box.parent is None:
        return
    trunk = _left(box) - _WIDE - _GAP_X + 16
    top = _middle(box.parent) + _HIGH // 2
    SubElement(svg, "path", {
        "d": f"M{trunk} {top}V{_middle(row)}H{_left(box)}", "class": "passed" if box.kind == "passed" else "taken",
    })  # fmt: skip
    if box.label:
        label = SubElement(svg, "text", {"x": str(trunk + 6), "y": str(_middle(row) - 4), "class": "label"})
        label.text = escaped(box.label)


def _draw(svg: Element, box: _Box, row: int) -> None:
    group = SubElement(svg, "g", {"class": box.kind})
    SubElement(group, "title").text = escaped(box.name)
    SubElement(group, "rect", {
        "x": str(_left(box)), "y": str(_middle(row) - _HIGH // 2), "width": str(_WIDE), "height": str(_HIGH), "rx": "4",
    })  # fmt: skip
    name = escaped(box.name)
    text = SubElement(group, "text", {"x": str(_left(box) + 8), "y": str(_middle(row) + 4)})
    text.text = name if len(name) <= 24 else f"{name[:22]}.."
