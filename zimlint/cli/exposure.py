"""``zimlint exposure PATH...``: who reaches what, as one table a host.

Invariant: nothing foreign reaches a terminal unescaped, and nothing is told by colour alone.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence

from zimlint.cli.inputs import read_inputs
from zimlint.cli.maps import surveys
from zimlint.cli.options import ExposureOptions
from zimlint.cli.output import say, terminal_columns, wants_colour
from zimlint.cli.sites import known_site, own_rules
from zimlint.cli.status import CLEAN, UNUSABLE
from zimlint.exposure import LOOPBACK_SOURCE, Cell, ExposureMap, Part, Row, reached, views_shown
from zimlint.finding import Severity
from zimlint.packets import RangeSet
from zimlint.reporters.words import escaped
from zimlint.source import ConfigError

_TEXT = 100
_LEAST_NAME = 12
_NEARLY_ALL = 60_000
_NAMED = 3
"""So many of the lines that decide about a cell are named in it."""
_MANY = 12
"""So many rows that say the same are one."""
_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "36"}


def run_exposure(options: ExposureOptions) -> int:
    """Draw the map of every host."""
    batches, unread = read_inputs(options.inputs, options.config)
    rules = own_rules(options.rules, batches)
    maps = list(surveys(batches, [known_site(batch, rules) for batch in batches], all_ports=options.all_ports))
    if not maps and not unread:
        raise ConfigError("exposure needs the rules of a host, but none were given")
    if options.format == "json":
        from zimlint.reporters.exposure_json import render_maps

        say(render_maps(maps, all_ports=options.all_ports))
    else:
        columns = terminal_columns(sys.stdout)
        colour = wants_colour(options.color, sys.stdout)
        say("\n".join("".join(f"{line}\n" for line in _Page(one, options, columns, colour).lines()) for one in maps))
    return UNUSABLE if unread else CLEAN


class _Page:
    """Guards the numbers of the deciding lines: each line has one, in the order in which the table names them."""

    def __init__(self, found: ExposureMap, options: ExposureOptions, columns: int, colour: bool) -> None:
        self.map, self.options, self.columns, self.colour = found, options, columns, colour
        self.numbers: dict[tuple[str, int, str], int] = {}
        self.texts: list[tuple[str, str]] = []
        self.signs = self.partly = self.more = False

    def lines(self) -> Iterator[str]:
        """The whole page."""
        families = " and ".join(family.title for family in self.map.families) or "no family"
        views = views_shown(self.map)
        yield self._paint(f"{escaped(self.map.host)}: who reaches what over {families}, {views}", "1")
        yield ""
        if self.map.columns:
            shown = [row for row in self.map.rows if reached(row.cells) or self._needed(row) or self.options.closed]
            table = self._ranges() if self.options.all_ports else self._services(shown)
            yield from table.split("\n")
            yield ""
            yield from self._legend()
            if not self.options.all_ports:
                yield from self._folded([row for row in self.map.rows if row not in shown])
                yield from self._unlisted()
        for note in self.map.notes:
            yield from self._wrapped("note  ", escaped(note))

    @staticmethod
    def _needed(row: Row) -> bool:
        return any(cell.mark is not None for cell in row.cells)

    def _services(self, rows: Sequence[Row]) -> str:
        from tabulate import tabulate

        names = [column.name for column in self.map.columns]
        cells = [tuple(self._cells(row.of(name)) for name in names) for row in rows]
        widths = [
            max(len(name), *(_width(line) for texts in cells for line in texts[place].split("\n")), 0)
            for place, name in enumerate(names)
        ]
        room = max(self.columns - sum(widths) - 2 * len(widths) - 12, _LEAST_NAME)
        alike: dict[tuple[str, ...], list[Row]] = {}
        for row, texts in zip(rows, cells, strict=True):
            alike.setdefault(texts, []).append(row)
        body: list[tuple[str, ...]] = []
        merged: list[tuple[str, ...]] = []
        for row, texts in zip(rows, cells, strict=True):
            same = alike[texts]
            if len(same) < _MANY or self.options.closed:
                body.append((row.label, self._name(row, room), *texts))
            elif row is same[0]:
                listed = ", ".join(dict.fromkeys(each.label for each in same))
                merged.append((f"{len(same)} services", "\n".join(textwrap.wrap(listed, min(room, 40))), *texts))
        return tabulate([*body, *merged], headers=("port", "service", *names), tablefmt="simple", disable_numparse=True)

    @staticmethod
    def _name(row: Row, room: int) -> str:
        name = row.name if row.front is None else f"{row.name}, by port {row.front}"
        if not row.on_host:
            name += ", not of this host's roles"
        return "\n".join(textwrap.wrap(name, room))

    def _cells(self, cells: Sequence[Cell]) -> str:
        """One text for both families where they agree, else one for each that is not closed."""
        alike: dict[tuple[str, bool, str], list[Cell]] = {}
        for cell in cells:
            alike.setdefault((cell.verdict, cell.whole, cell.mark.check if cell.mark else ""), []).append(cell)
        if len(alike) <= 1:
            return "\n".join(self._cell(same, "") for same in alike.values())
        return "\n".join(
            self._cell(same, f" ({'v4' if same[0].family.title == 'IPv4' else 'v6'})")
            for same in alike.values()
            if same[0].verdict != "closed"
        )

    def _cell(self, cells: Sequence[Cell], suffix: str) -> str:
        cell = cells[0]
        word: str = cell.verdict
        if not cell.whole and cell.verdict in ("open", "limited"):
            word, self.partly = "partly", True
        numbers: dict[int, None] = {}
        more = False
        for one in cells:
            first = one.parts[0]
            bare = first.verdict == "closed" and bool(first.path) and first.path[-1].effect.startswith("default ")
            parts = [] if bare else [part for part in one.parts if part.verdict != "closed" or part is first]
            numbers.update((self._number(part, one), None) for part in parts[:_NAMED])
            more = more or len(parts) > _NAMED
        text = f"{word}{suffix}"
        if cell.mark is not None:
            self.signs = True
            text = self._paint(f"! {text}", _COLOURS[cell.mark.severity])
        self.more = self.more or more
        return f"{text} {','.join(map(str, numbers))}{',...' if more else ''}".rstrip()

    def _number(self, part: Part, cell: Cell) -> int:
        where = "" if cell.whole or cell.source == LOOPBACK_SOURCE else _extent(part, cell)
        words = [*part.only, f"goes on to {part.moved}" if part.moved else "", where]
        words += [f"depends on {part.depends_on}" if part.depends_on else ""]
        told = escaped(", ".join(filter(None, words)))
        key = (part.span.source.name, part.span.line, told)
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers) + 1
            text = escaped(part.span.source.line(part.span.line).strip())
            place = f"{escaped(part.span.source.name)}:{part.span.line}"
            self.texts.append((place, f"({told})  {text}" if told else text))
        return self.numbers[key]

    def _legend(self) -> Iterator[str]:
        wide = max((len(place) for place, _ in self.texts), default=0)
        for number, (place, text) in enumerate(self.texts, 1):
            yield self._cut(f"{number:>4}  {place:<{wide}}  {text}")
        if self.signs:
            yield "   !  against Zimbra practice, 'zimlint' says why"
        if self.more:
            yield "      ...: more lines than these, as --format json says"
        if self.partly:
            yield "      partly: some of these packets get in, as the numbered lines say; the rest is closed"
        for column in self.map.columns:
            if column.networks and column.name != LOOPBACK_SOURCE:
                yield from self._wrapped("      ", f"{column.name}: {', '.join(column.networks)}")

    def _folded(self, rows: Sequence[Row]) -> Iterator[str]:
        if rows:
            labels = ", ".join(dict.fromkeys(row.label for row in rows))
            names = [column.name for column in self.map.columns if column.name != LOOPBACK_SOURCE]
            yield from self._wrapped("      ", f"closed to {', '.join(names)}: {labels} (--closed shows these rows)")

    def _unlisted(self) -> Iterator[str]:
        told: dict[str, dict[str, None]] = {}
        for one in self.map.unlisted:
            text = f"{_ports(one.ports)}/{one.protocol}"
            told.setdefault(text, {})[one.source] = None
        if told:
            words = "; ".join(f"{ports} to {', '.join(sources)}" for ports, sources in told.items())
            yield from self._wrapped(
                "      ", f"open beside the services of Zimbra: {words} (--all-ports says by what)"
            )

    def _ranges(self) -> str:
        from tabulate import tabulate

        merged: dict[tuple[object, ...], tuple[list[str], list[Cell]]] = {}
        for one in self.map.ranges:
            part = one.cell.parts[0]
            key = (one.ports, one.protocol, one.cell.verdict, one.cell.whole, one.cell.family, part.span[:2], part.only)
            merged.setdefault(key, ([], []))[0].append(one.cell.source)
            merged[key][1].append(one.cell)
        rows = []
        for (ports, protocol, *_), (sources, cells) in merged.items():
            assert isinstance(ports, RangeSet)
            listed = "\n".join(textwrap.wrap(f"{_ports(ports).replace(',', ', ')}", 40))
            rows.append((listed, protocol, cells[0].family.title, "\n".join(sources), self._cell(cells, "")))
        return tabulate(
            rows, headers=("ports", "", "family", "from", "verdict"), tablefmt="simple", disable_numparse=True
        )

    def _wrapped(self, head: str, text: str) -> Iterator[str]:
        width = min(self.columns, _TEXT)
        yield from textwrap.wrap(
            text, width, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False
        )

    def _cut(self, line: str) -> str:
        return line if len(line) <= self.columns else f"{line[: self.columns - 3]}..."

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour else text


def _width(text: str) -> int:
    """The columns that a text takes, without what colours it."""
    return len(text) if "\x1b" not in text else len(text) - 4 - text.index("m") - 1


def _ports(ports: RangeSet) -> str:
    if ports.size() > _NEARLY_ALL:
        return "0-65535" if ports.size() == 1 << 16 else "nearly all ports"
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in ports.ranges]
    return ",".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")


def _extent(part: Part, cell: Cell) -> str:
    """Which addresses of a class it is, where it is not all of them."""
    from zimlint.packets import format_network, union

    everyone = union(other.addresses for other in cell.parts).size()
    if part.addresses.size() * 4 > everyone * 3:
        return ""
    shown = [format_network(cell.family, *pair) for pair in part.addresses.ranges]
    return f"{', '.join(shown[:3])}{' and others' if len(shown) > 3 else ''} only"
