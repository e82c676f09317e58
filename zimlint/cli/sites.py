"""The site of each batch of hosts, and the rules that hold there: zimlint's own, ``--rules`` and the site's ``rules``.

Invariant: without rules of users nothing more is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zimlint.checks import Check
from zimlint.cli.inputs import Batch, must_read
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
