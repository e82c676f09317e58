"""The site of each batch of hosts, and the rules that hold there: zimlint's own, ``--rules`` and the site's ``rules``.

Invariant: without rules of users nothing more is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from zimlint.checks import Check
from zimlint.cli.inputs import Batch, must_read
from zimlint.cli.output import complain
from zimlint.zimbra.catalogue import Catalogue
from zimlint.zimbra.site import Site


class Rules(NamedTuple):
    """What is linted for."""

    checks: dict[str, Check]
    catalogue: Catalogue


class KnownSite(NamedTuple):
    """A site, with the rules that hold there."""

    site: Site
    rules: Rules


def more_rules(folders: Sequence[str], rules: Rules) -> Rules:
    """The rules and those in folders of users."""
    if not folders:
        return rules
    from zimlint.cli.own_rules import add_rules

    return Rules(*add_rules(folders, rules.checks, rules.catalogue))


def known_site(batch: Batch, rules: Rules) -> KnownSite:
    """The site of a batch; its ``rules`` come on top of those that hold everywhere."""
    if batch.site is None:
        return KnownSite(Site.default(), rules)
    from zimlint.zimbra.site_file import read_site, rules_of  # loads PyYAML, which most runs do not need

    source = must_read(batch.site)
    if "rules" in source.text:
        rules = more_rules(rules_of(source), rules)
    return KnownSite(read_site(source, checks=rules.checks), rules)


def warn_of_missing(batches: Sequence[Batch], known: Sequence[KnownSite], folders: Sequence[str]) -> None:
    """Say which hosts of a site file have no file, where their place was read as a whole: a name was misspelt."""
    if not any(one.site.hosts for one in known):
        return
    whole = [os.path.abspath(folder) for folder in folders]
    files = [os.path.abspath(source.name) for batch in batches for host in batch.hosts for source in host.sources]
    for site in (one.site for one in known):
        for node in site.hosts:
            place = os.path.abspath(os.path.join(site.base, node.path or ""))
            if (
                node.path is not None
                and site.source is not None
                and any(_lies_in(place, folder) for folder in whole)
                and not any(_lies_in(file, place) for file in files)
            ):
                complain(f"{site.source.name}: hosts: {node.name}: nothing that is linted lies in '{node.path}'")


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
