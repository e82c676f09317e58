"""Maps of hosts as one JSON object, ``"schema": "zimlint-exposure/1"``.

Invariant: the schema is frozen: keys are added under a new name of it, never changed or taken away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from zimlint.exposure import Cell, ExposureMap, Part, Range, Row
from zimlint.packets import Family, RangeSet, format_network
from zimlint.reporters.json_report import packet_object, steps
from zimlint.source import Span, decodable


def render_maps(maps: Iterable[ExposureMap], *, all_ports: bool) -> str:
    """All maps; ``open_ports`` is only there where it was asked for."""
    return (
        json.dumps({"schema": "zimlint-exposure/1", "hosts": [_map(one, all_ports) for one in maps]}, indent=1) + "\n"
    )


def _map(found: ExposureMap, all_ports: bool) -> dict[str, object]:
    told: dict[str, object] = {
        "host": decodable(found.host),
        "views": [
            {"family": seen.family.value, "view": seen.view, "file": decodable(seen.source.name)} for seen in found.seen
        ],
        "sources": [{"name": column.name, "networks": list(column.networks)} for column in found.columns],
        "services": [_row(row) for row in found.rows],
        "unlisted": [
            {"source": one.source, "family": one.family.value, "protocol": one.protocol, "ports": _ports(one.ports)}
            for one in found.unlisted
        ],
        "notes": [decodable(note) for note in found.notes],
    }
    if all_ports:
        told["open_ports"] = [_range(one) for one in found.ranges]
    return told


def _row(row: Row) -> dict[str, object]:
    return {
        "port": row.port,
        "protocol": row.protocol,
        "service": row.name,
        "class": row.exposure,
        "on_host": row.on_host,
        "outside_port": row.port if row.front is None else row.front,
        "cells": [_cell(cell) for cell in row.cells],
    }


def _range(one: Range) -> dict[str, object]:
    return {"ports": _ports(one.ports), "protocol": one.protocol, **_cell(one.cell)}


def _cell(cell: Cell) -> dict[str, object]:
    mark = None if cell.mark is None else {"severity": cell.mark.severity.word, "check": cell.mark.check}
    return {
        "source": cell.source,
        "family": cell.family.value,
        "verdict": cell.verdict,
        "whole": cell.whole,
        "against_practice": mark,
        "parts": [_part(part, cell.family) for part in cell.parts],
    }


def _part(part: Part, family: Family) -> dict[str, object]:
    return {
        "verdict": part.verdict,
        "addresses": [format_network(family, *pair) for pair in part.addresses.ranges],
        "only": [decodable(word) for word in part.only],
        "goes_on_to": decodable(part.moved) or None,
        "depends_on": decodable(part.depends_on) or None,
        **_line(part.span),
        "packet": packet_object(part.packet),
        "path": steps(part.path),
    }


def _line(span: Span) -> dict[str, object]:
    return {
        "file": decodable(span.source.name), "line": span.line, "text": decodable(span.source.line(span.line).strip()),
    }  # fmt: skip


def _ports(ports: RangeSet) -> list[str]:
    return [str(low) if low == high else f"{low}-{high}" for low, high in ports.ranges]
