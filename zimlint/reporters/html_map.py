"""The map of a host in the html report: services by sources, each cell opening what proves it.

A cell is a button that opens a popover (HTML Living Standard, "The popover attribute"): no script is needed. The ways
that cells of many ports have in common stand once, in popovers of their own; a button in the cell's leads there. With a
script they are shown in that button's place, and on paper behind the map.
Invariant: nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from zimlint.exposure import LOOPBACK_SOURCE, Cell, ExposureMap, Part, Row, reached, views_shown
from zimlint.packets import format_network
from zimlint.reporters.html_parts import Lines, el, line_block, packet_line, way
from zimlint.reporters.text import place
from zimlint.reporters.words import escaped

_MOST_PARTS = 6
_MOST_ADDRESSES = 8


def map_section(found: ExposureMap, number: int, lines: Lines) -> Element:
    """Heading, matrix, the lines that decide, and what limits the view."""
    return _Section(found, number, lines).element()


class _Section:
    """Guards the numbers of the deciding lines and the ids of what opens."""

    def __init__(self, found: ExposureMap, number: int, lines: Lines) -> None:
        self.map, self.number, self.lines = found, number, lines
        self.deciding: dict[tuple[str, int], tuple[int, Part]] = {}
        self.panels: list[Element] = []
        self.ways: dict[tuple[object, ...], tuple[str, Element]] = {}

    def element(self) -> Element:
        """The whole section."""
        found = self.map
        title = f"map-{self.number}"
        families = " and ".join(family.title for family in found.families) or "no family"
        views = views_shown(found)
        section = el(
            "section", el("h3", escaped(found.host), id=title), el("p", f"over {families}, {views}"),
            class_="map", aria_labelledby=title,
        )  # fmt: skip
        shown = [row for row in found.rows if reached(row.cells) or any(cell.mark for cell in row.cells)]
        rest = [row for row in found.rows if row not in shown]
        if shown:
            section.append(self._table(shown, title))
        if rest:
            many = f"{len(rest)} more ports are closed to all but the host itself"
            section.append(el("details", el("summary", many), self._table(rest, title), class_="closed-rows"))
        section.extend([*self._beside(), *self._deciding()])
        section.extend(el("p", f"note: {escaped(note)}", class_="note") for note in found.notes)
        section.extend(self.panels)
        if self.ways:
            section.append(el("div", *(panel for _, panel in self.ways.values()), class_="ways"))
        return section

    def _table(self, rows: Sequence[Row], title: str) -> Element:
        head = el("tr", el("th", "port", scope="col"), el("th", "service", scope="col"))
        for column in self.map.columns:
            networks = ", ".join(column.networks)
            head.append(
                el("th", escaped(column.name), scope="col", **({"title": escaped(networks)} if networks else {}))
            )
        body = el("tbody", *(self._row(row) for row in rows))
        table = el("table", el("thead", head), body, aria_labelledby=title)
        return el("div", table, class_="scroll", tabindex="0", role="region", aria_labelledby=title)

    def _row(self, row: Row) -> Element:
        name = row.name if row.front is None else f"{row.name}, by port {row.front}"
        made = el("tr", el("th", row.label, scope="row"), el("td", escaped(name), class_="service"))
        if not row.on_host:
            made[1].append(el("small", "not of this host's roles"))
        for column in self.map.columns:
            made.append(el("td", *self._buttons(row, row.of(column.name))))
        return made

    def _buttons(self, row: Row, cells: Sequence[Cell]) -> Iterator[Element]:
        alike: dict[tuple[str, bool, str], list[Cell]] = {}
        for cell in cells:
            alike.setdefault((cell.verdict, cell.whole, cell.mark.check if cell.mark else ""), []).append(cell)
        for same in alike.values():
            cell = same[0]
            word = cell.verdict if cell.whole or cell.verdict in ("closed", "depends") else "partly"
            families = " ".join(one.family.title for one in same)
            against = f", against practice: {cell.mark.check}" if cell.mark else ""
            label = f"{row.label} from {escaped(cell.source)} over {families.replace(' ', ' and ')}: {word}{against}"
            name = f"cell-{self.number}-{len(self.panels)}"
            numbers = sorted({self._numbered(part) for one in same for part in one.parts[:3]})
            self.panels.append(self._panel(name, label, same))
            sign = f"against {cell.mark.severity.word}" if cell.mark else ""
            told = el("span", f"! {word}" if cell.mark else word, class_="word")
            small = el("small", f"{families} ", el("span", ",".join(map(str, numbers)), class_="ref"))
            yield el(
                "button", told, small, type="button", class_=f"cell {word} {sign}".strip(), popovertarget=name,
                aria_label=label, aria_haspopup="dialog",
            )  # fmt: skip

    def _numbered(self, part: Part) -> int:
        key = (part.span.source.name, part.span.line)
        if key not in self.deciding:
            self.deciding[key] = (len(self.deciding) + 1, part)
        return self.deciding[key][0]

    def _panel(self, name: str, label: str, cells: Sequence[Cell]) -> Element:
        panel = _dialog(name, "panel", label)
        for cell in cells:
            panel.append(el("h5", cell.family.title))
            for part in cell.parts[:_MOST_PARTS]:
                panel.append(packet_line(part.packet))
                panel.append(self._opener(part, cell))
            if len(cell.parts) > _MOST_PARTS:
                panel.append(el("p", f"{len(cell.parts) - _MOST_PARTS} more parts"))
        return panel

    def _opener(self, part: Part, cell: Cell) -> Element:
        """A button for what a part shares with those of other ports; where a script runs it is shown in its place."""
        key = (part.verdict, part.addresses, part.span, part.path, part.only, part.moved, part.depends_on)
        if key not in self.ways:
            name = f"way-{self.number}-{len(self.ways)}"
            panel = _dialog(name, "panel way", f"{self._numbered(part)}: {place(part.span)}")
            panel.append(self._part(part, cell))
            self.ways[key] = name, panel
        told = f"{part.verdict} by {place(part.span)}: the way"
        return el("button", told, type="button", popovertarget=self.ways[key][0], class_="more")

    def _part(self, part: Part, cell: Cell) -> Element:
        ranges = part.addresses.ranges
        addresses = ", ".join(format_network(cell.family, *pair) for pair in ranges[:_MOST_ADDRESSES])
        more = f" and {len(ranges) - _MOST_ADDRESSES} more" if len(ranges) > _MOST_ADDRESSES else ""
        words = [*part.only, f"goes on to {part.moved}" if part.moved else ""]
        words += [f"depends on {part.depends_on}" if part.depends_on else ""]
        told = escaped(", ".join(filter(None, words)))
        said = f": {told}" if told else ""
        return el(
            "div", el("p", el("b", part.verdict, class_=f"badge {part.verdict}"), said),
            el("p", f"from {addresses}{more}", class_="from"), line_block(part.span, self.lines),
            *way(part.path, self.lines), class_="part",
        )  # fmt: skip

    def _deciding(self) -> Iterator[Element]:
        if self.deciding:
            listed = el("ol")
            for _, part in self.deciding.values():
                text = escaped(self.lines.of(part.span).strip()[:200])
                listed.append(el("li", el("span", place(part.span), class_="place"), " ", el("code", text)))
            yield el("details", el("summary", "the lines that decide, by number"), listed, class_="deciding", open="")

    def _beside(self) -> Iterator[Element]:
        told: dict[str, dict[str, None]] = {}
        for one in self.map.unlisted:
            pairs = [str(low) if low == high else f"{low}-{high}" for low, high in one.ports.ranges]
            text = ", ".join(pairs[:12]) + (f" and {len(pairs) - 12} more" if len(pairs) > 12 else "")
            if one.source != LOOPBACK_SOURCE:
                told.setdefault(f"{text}/{one.protocol}", {})[one.source] = None
        if told:
            items = (el("li", f"{ports} to {escaped(', '.join(sources))}") for ports, sources in told.items())
            yield el("div", el("p", "open beside the services of Zimbra:"), el("ul", *items), class_="beside")


def _dialog(name: str, class_: str, title: str) -> Element:
    """An empty popover with its title, and a button that closes it."""
    close = el(
        "button", "close", type="button", popovertarget=name, popovertargetaction="hide", class_="close", autofocus=""
    )
    return el(
        "div", close, el("h4", title, id=f"{name}-title"), id=name, popover="auto", role="dialog", class_=class_,
        aria_labelledby=f"{name}-title",
    )  # fmt: skip
