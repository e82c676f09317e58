"""The maps of who reaches what, for ``zimlint exposure`` and the html report; made only where one is wanted.

Invariant: at most ``MOST`` hosts get one in a report: a page with more of them is of no use to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from zimlint.cli.inputs import Batch
from zimlint.cli.sites import KnownSite
from zimlint.engine import Job
from zimlint.exposure import ExposureMap
from zimlint.formats.iptables_save import as_loaded
from zimlint.host import Host
from zimlint.survey import survey

MOST = 50


def maps_of(batches: Sequence[Batch], known: Sequence[KnownSite]) -> tuple[ExposureMap, ...]:
    """The maps of the first hosts that have rules."""
    return tuple(islice(surveys(batches, known), MOST))


def surveys(batches: Sequence[Batch], known: Sequence[KnownSite], *, all_ports: bool = False) -> Iterator[ExposureMap]:
    """The map of each host that has rules, as the real tool would load its dumps; ``known``: the site of each batch."""
    for batch, one in zip(batches, known, strict=True):
        for host in batch.hosts:
            if host.rulesets:
                yield map_of(host, one, all_ports=all_ports)


def map_of(host: Host, known: KnownSite, *, all_ports: bool = False) -> ExposureMap:
    """The map of one host."""
    loaded = host._replace(rulesets=tuple(map(as_loaded, host.rulesets)))
    return survey(Job(loaded, known.site), known.rules.catalogue, known.rules.checks, all_ports=all_ports)
