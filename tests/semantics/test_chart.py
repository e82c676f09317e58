"""What the map says of a cell is what ``replay`` says of its packets."""

from __future__ import annotations

import random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.semantics.meeting import stand_in
from tests.semantics.nearby import nearby
from tests.semantics.rulesets import rulesets
from zimlint.checks import load_checks
from zimlint.engine import Job
from zimlint.exposure import Cell, ExposureMap
from zimlint.host import Host
from zimlint.model import Ruleset
from zimlint.packets import TCP, UDP, Family, Packet, network
from zimlint.questions.openings import asked_interfaces
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import replay
from zimlint.survey import survey
from zimlint.zimbra.catalogue import load_catalogue
from zimlint.zimbra.site import Site
from zimlint.zimbra.sources import source_classes

NETWORKS = {"cluster": {Family.IPV4: network("10.20.0.0/24")[1]}}
SITE = Site.default()._replace(networks={**Site.default().networks, **NETWORKS})
CATALOGUE, CHECKS = load_catalogue(), load_checks()
CLASSES = source_classes(SITE.networks)
PORTS = ((25, "tcp"), (80, "tcp"), (7071, "tcp"), (8080, "tcp"), (11211, "udp"))


def mapped(ruleset: Ruleset) -> ExposureMap:
    return survey(
        Job(Host("h", rulesets=(ruleset,), sources=(ruleset.source,)), SITE), CATALOGUE, CHECKS, all_ports=True
    )


def cell(found: ExposureMap, port: int, protocol: str, source: str) -> Cell | None:
    rows = [row for row in found.rows if (row.port, row.protocol, row.front) == (port, protocol, None)]
    return next((cell for row in rows for cell in row.of(source)), None)


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rulesets(Family.IPV4), st.integers(0, 1 << 16))
def test_open_and_closed_are_true_of_each_packet(ruleset: Ruleset, seed: int) -> None:
    found = mapped(ruleset)
    for drawn in nearby(ruleset, random.Random(seed), 8):
        for port, protocol in PORTS:
            for source, networks in CLASSES.items():
                held = cell(found, port, protocol, source)
                asked = asked_interfaces(ruleset, source, ())
                if not held or not held.whole or drawn.source not in networks[Family.IPV4] or drawn.interface == "lo":
                    continue
                if stand_in(ruleset, drawn.interface) in asked and (drawn.destination or 0) in UNICAST[Family.IPV4]:
                    _holds(ruleset, held, drawn, port, protocol)


def _holds(ruleset: Ruleset, held: Cell, drawn: Packet, port: int, protocol: str) -> None:
    packet = drawn._replace(
        protocol=TCP if protocol == "tcp" else UDP, destination_port=port, source_port=40000, state="NEW",
        destination=drawn.destination if held.verdict == "closed" else held.parts[0].packet.destination,
    )  # fmt: skip
    strict, lone = replay(ruleset, packet), replay(ruleset, packet, lone=True)
    match held.verdict:
        case "open" | "limited":
            assert lone.verdict == "accept", (held, packet)
        case "closed":
            assert "accept" not in (strict.paths or {}), (held, packet)
        case _:
            pass


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rulesets(Family.IPV4))
def test_every_part_is_proven_by_its_packet(ruleset: Ruleset) -> None:
    found = mapped(ruleset)
    for each in (*(cell for row in found.rows for cell in row.cells), *(one.cell for one in found.ranges)):
        for part in each.parts:
            answer = replay(ruleset, part.packet, lone=True)
            if part.verdict in ("open", "limited"):
                assert answer.verdict == "accept", part
            if part.verdict == "closed":
                assert "accept" not in (answer.paths or {}), part
            assert part.packet.source in part.addresses


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rulesets(Family.IPV4))
def test_all_ports_and_the_rows_say_the_same(ruleset: Ruleset) -> None:
    found = mapped(ruleset)
    for port, protocol in PORTS:
        for source in CLASSES:
            held = cell(found, port, protocol, source)
            listed = [one.cell.verdict for one in found.ranges
                      if port in one.ports and one.protocol == protocol and one.cell.source == source]  # fmt: skip
            if held is not None:
                assert listed == ([] if held.verdict == "closed" else [held.verdict])
