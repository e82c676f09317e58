"""Checks and catalogue rows of users: ``--rules DIR`` and ``rules:`` in the site file.

A folder holds ``checks/ID.yaml`` and ``catalogue/*.yaml`` as zimlint's own ``rules/`` does; either may be missing.
Invariant: what zimlint ships is never redefined.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from zimlint.checks import Check, load_checks, read_check
from zimlint.cli.inputs import must_read
from zimlint.source import ConfigError, Span
from zimlint.zimbra.catalogue import Catalogue

CHECKS, CATALOGUE = "checks", "catalogue"


def add_rules(
    folders: Mapping[str, Span | None],
    checks: Mapping[str, Check],
    catalogue: Catalogue,
    networks: Collection[str] | None,
) -> tuple[dict[str, Check], Catalogue]:
    """The checks and the catalogue with those of the folders; rows first, as checks name them.

    A folder comes with its place in the site file, None where an option names it. ``networks`` are the names that
    checks may allow beside those that every site has; None is any.
    """
    for folder, place in folders.items():
        for path in _files(folder, CATALOGUE, place):
            from zimlint.zimbra.own_rows import with_rows  # loads PyYAML

            catalogue = with_rows(catalogue, must_read(path))
    labels = [service.label for service in catalogue.services.values()]
    found = dict(checks)
    for folder, place in folders.items():
        for path in _files(folder, CHECKS, place):
            source = must_read(path)
            check = read_check(source, ports=labels, networks=networks)
            if check.id in found:
                whose = "zimlint has" if check.id in load_checks() else "another folder has"
                raise ConfigError(f"id: {whose} a check '{check.id}' already, expected another name", Span(source, 1))
            found[check.id] = check
    return found, catalogue


def _files(folder: str, kind: str, place: Span | None) -> list[str]:
    if not os.path.isdir(folder):
        raise ConfigError(f"{folder}: no such folder, expected one with {CHECKS}/ or {CATALOGUE}/", place)
    if not any(os.path.isdir(os.path.join(folder, name)) for name in (CHECKS, CATALOGUE)):
        raise ConfigError(f"{folder}: no {CHECKS}/ and no {CATALOGUE}/ in it", place)
    inner = os.path.join(folder, kind)
    names = sorted(os.listdir(inner)) if os.path.isdir(inner) else []
    wrong = next((name for name in names if name.endswith(".yml")), None)
    if wrong is not None:
        raise ConfigError(f"{os.path.join(inner, wrong)}: expected a name that ends in .yaml")
    return [os.path.join(inner, name) for name in names if name.endswith(".yaml") and not name.startswith(".")]
