"""``zimlint init PATH``: a first site file, written from what lies there.

Invariant: a file that is there already is never touched.
Invariant: what was only guessed is a comment: linting with the new file says what linting without one says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from zimlint.cli.inputs import SITE_FILE, read_inputs
from zimlint.cli.options import InitOptions
from zimlint.cli.output import say
from zimlint.cli.schema import MODELINE, SCHEMA_FILE
from zimlint.cli.status import CLEAN, UNUSABLE
from zimlint.host import Host
from zimlint.model import Decide, SrcAddress, Verdict
from zimlint.packets import format_network
from zimlint.reporters.words import counted
from zimlint.source import ConfigError
from zimlint.zimbra.site import DEFAULT_ROLES

_MAX_SOURCES = 20
_ANYBODY = 8
"""A source of more than a /8 (IPv4) or a /8 (IPv6) is no network that somebody has."""


def run_init(options: InitOptions) -> int:
    """Write it, and say where."""
    folder = options.path if os.path.isdir(options.path) else os.path.dirname(options.path)
    target = os.path.normpath(os.path.join(folder, SITE_FILE))
    if os.path.lexists(target):
        raise ConfigError(f"{target} is there already, nothing is written")
    if not os.path.lexists(options.path):
        raise ConfigError(f"{options.path}: no such file or directory, nothing is written")
    batches, unread = read_inputs(options.inputs)
    hosts = [host for batch in batches for host in batch.hosts]
    text = "".join(f"{line}\n" for line in _lines(hosts, folder))
    try:
        with open(target, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{target}: {error.strerror or error}") from None
    say(f"{target}: written for {counted(len(hosts), 'host')}\n")
    return UNUSABLE if unread else CLEAN


def _lines(hosts: Sequence[Host], folder: str) -> Iterator[str]:
    yield MODELINE
    yield f"# For completion in editors: zimlint schema > {SCHEMA_FILE}"
    yield "# Every key may be left out. What is commented out was guessed or is an example."
    yield ""
    yield "# Named sources; cluster also covers the nodes' own addresses."
    sources = list(_sources(hosts))
    if sources:
        yield "# Seen as sources of accepting lines; name those that you know:"
        for network, place in sources[:_MAX_SOURCES]:
            yield f"#   {network}  ({place})"
        if len(sources) > _MAX_SOURCES:
            yield f"#   and {len(sources) - _MAX_SOURCES} more"
    yield "networks:"
    yield "  admin: []     # who administers: [198.51.100.0/28]"
    yield '  cluster: []   # the other Zimbra nodes: [10.20.0.0/24, "2001:db8:20::/64"]'
    yield "  clients: []"
    yield ""
    yield '# zimbra: {version: "10.1", proxy: true}'
    yield "# ssh_port: 22"
    yield ""
    yield "# Of every host that is given none; without roles it does everything."
    yield f"# roles: [{', '.join(DEFAULT_ROLES)}]"
    yield ""
    yield from _host_lines(hosts, folder)
    yield '# also_allowed: ["10000/tcp from admin", "161/udp from 192.0.2.7"]'
    yield "# severity: {cleartext-login: info}    # error, warning, info or off"
    yield "# ignore:"
    yield "# - {check: ssh-exposed, path: mail1, reason: keys only, until: 2026-12-31}"
    yield "fail_on: warning"


def _host_lines(hosts: Sequence[Host], folder: str) -> Iterator[str]:
    """One host is certain. Several would be judged as nodes of one cluster, so their roles have to be given first."""
    mark = "" if len(hosts) == 1 else "# "
    if len(hosts) > 1:
        yield "# Nodes of one cluster, once their roles are right:"
    if hosts:
        yield f"{mark}hosts:"
    for host in hosts:
        path = _common_folder(host, folder)
        roles = "" if len(hosts) == 1 else f", roles: [{', '.join(DEFAULT_ROLES)}]"
        yield f"{mark}  {_quoted(host.name)}: {{path: {_quoted(path)}{roles}}}"
    if hosts:
        yield ""


def _common_folder(host: Host, folder: str) -> str:
    base = os.path.abspath(folder)
    common = os.path.commonpath([os.path.dirname(os.path.abspath(source.name)) for source in host.sources])
    return os.path.relpath(common, base)


def _sources(hosts: Sequence[Host]) -> Iterator[tuple[str, str]]:
    """The networks that accepting lines name, each with the first line that does."""
    seen: set[str] = set()
    for host in hosts:
        for ruleset in host.rulesets:
            for chain in ruleset.tables.get("filter", {}).values():
                for rule in chain.rules:
                    if not (isinstance(rule.target, Decide) and rule.target.verdict is Verdict.ACCEPT):
                        continue
                    for condition in rule.conditions:
                        if not isinstance(condition, SrcAddress) or len(condition.addresses.ranges) != 1:
                            continue
                        low, high = condition.addresses.ranges[0]
                        network = format_network(ruleset.family, low, high)
                        if "-" in network or (high - low).bit_length() > ruleset.family.bits - _ANYBODY:
                            continue
                        if network not in seen and not network.startswith(("127.", "fe80:", "::")):
                            seen.add(network)
                            yield network, f"{rule.span.source.name}:{rule.span.line}"


def _quoted(text: str) -> str:
    """A YAML word: JSON's quotes are YAML's, too."""
    import json

    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "")
    if (
        plain.isascii()
        and plain.isalnum()
        and plain[0].isalpha()
        and plain.lower() not in ("yes", "no", "on", "off", "true", "false", "null")
    ):
        return text
    return json.dumps(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
