"""All that is known of one host: its rulesets, and what ufw's own files and reports say beside them.

Invariant: values only. Nothing here reads text and nothing here decides.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from zimlint.model import FilterRule, Problem, Ruleset, Verdict
from zimlint.packets import Family, RangeSet
from zimlint.source import Source, Span


class AppPorts(NamedTuple):
    """One part of a profile's ``ports``: ``80,443/tcp``. ``protocol`` None is tcp and udp."""

    ports: RangeSet
    protocol: Literal["tcp", "udp"] | None


class AppProfile(NamedTuple):
    """A section of an applications.d file that ufw would read."""

    name: str
    title: str
    description: str
    ports: tuple[AppPorts, ...]
    span: Span
    ports_span: Span


class Setting(NamedTuple):
    """One key of default/ufw or ufw.conf, as the ufw command and as its boot script (ufw-init) read it."""

    key: str
    command: str | None
    boot: str | None
    span: Span


class StatusReport(NamedTuple):
    """What ``ufw status`` says beside its rows."""

    active: bool
    span: Span
    logging: str | None = None
    default_input: Verdict | None = None
    default_output: Verdict | None = None
    default_forward: Verdict | None = None
    """None: not shown, or ``disabled``."""
    form: Literal["plain", "verbose", "numbered"] = "plain"


class ChainLine(NamedTuple):
    """A line and the chain that it stands in."""

    chain: str
    rule: FilterRule


class UserRule(NamedTuple):
    """A rule as ufw itself knows it: a ``### tuple ###`` of user.rules. Ports and addresses are empty for any.

    ``action`` is empty for lines that no tuple stands above. ``wanted`` are the lines that ufw writes for it and
    ``found`` those that are there; both are empty where they ``agree`` to the word.
    """

    family: Family
    span: Span
    action: str
    log: str
    route: bool
    protocol: str
    dport: str
    dst: str
    sport: str
    src: str
    dapp: str
    """The profile that the destination ports come from, empty where there is none; ``sapp`` the source ports."""
    sapp: str
    where: str
    """``in``, ``out``, ``in_eth0``, ``in_eth0!out_eth1``."""
    wanted: tuple[ChainLine, ...] = ()
    found: tuple[ChainLine, ...] = ()
    agrees: bool = True


class Host(NamedTuple):
    """All that is known of one host's firewall."""

    name: str
    rulesets: tuple[Ruleset, ...] = ()
    profiles: tuple[AppProfile, ...] = ()
    settings: Mapping[str, Setting] = MappingProxyType({})
    status: StatusReport | None = None
    user_rules: tuple[UserRule, ...] = ()
    """What ufw takes user.rules and user6.rules for."""
    problems: tuple[Problem, ...] = ()
    sources: tuple[Source, ...] = ()
    """Every input that belongs to it."""
    kinds: Mapping[Source, str] = MappingProxyType({})
    """The format of each, as ``--type`` calls it."""
    scripts: tuple[Source, ...] = ()
    """before.init and after.init: only who may run and change them counts, nobody reads what they do."""
