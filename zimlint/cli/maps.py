"""The maps that the html report draws, made only where one is wanted.

Invariant: at most ``_MOST`` hosts get one: a page with more of them is of no use to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from zimlint.checks import load_checks
from zimlint.cli.inputs import Batch
from zimlint.cli.sites import Rules, known_site, more_rules
from zimlint.engine import Job
from zimlint.exposure import ExposureMap
from zimlint.formats.iptables_save import as_loaded
from zimlint.survey import survey
from zimlint.zimbra.catalogue import load_catalogue

_MOST = 50


def maps_of(batches: Sequence[Batch], folders: Sequence[str]) -> tuple[ExposureMap, ...]:
    """The maps of the first hosts that have rules; ``folders`` hold rules of users."""
    return tuple(islice(_maps(batches, folders), _MOST))


def _maps(batches: Sequence[Batch], folders: Sequence[str]) -> Iterator[ExposureMap]:
    rules = more_rules(folders, Rules(load_checks(), load_catalogue()))
    for batch in batches:
        site, own = known_site(batch, rules)
        for host in batch.hosts:
            if host.rulesets:
                loaded = host._replace(rulesets=tuple(map(as_loaded, host.rulesets)))
                yield survey(Job(loaded, site), own.catalogue, own.checks)
