"""Where input comes in: each format, whole hosts, the site file, check files, packets, the command line.

Invariant: what becomes of an input depends on its bytes alone, so one that fails is shown by them alone.
Invariant: nothing is read or written outside the folder of the execution.
"""

from __future__ import annotations

import os
import random
import shlex
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.mutate import Material, material
from tests.helpers import FIXTURES, ROOT
from zimlint.checks import read_check
from zimlint.cli import main
from zimlint.cli.options import COMMANDS
from zimlint.formats import FORMATS, TREE_FILES, sniff
from zimlint.reporters import REPORTERS
from zimlint.source import ConfigError, Source

_NAMES: dict[str, tuple[str, ...]] = {
    "ansible-tasks": ("tasks/main.yml", "playbooks/mail.yml"),
    "iptables-save": ("rules.v4", "rules.v6", "iptables.rules"),
    "ufw-rules": tuple(f"etc/ufw/{name}" for name in TREE_FILES),
    "ufw-status": ("ufw-status.txt",),
    "ipset-save": ("ipset.conf",),
    "ufw-profile": ("etc/ufw/applications.d/zimbra",),
    "ufw-settings": ("etc/default/ufw", "etc/ufw/ufw.conf"),
}
"""Names that promise a format; others stand as ``given``."""
_SAMPLES: dict[str, tuple[str, ...]] = {
    "ufw-added": (
        "Added user rules (see 'ufw status' for running firewall):\nufw allow 25,80,443/tcp\n"
        "ufw limit 22/tcp comment 'ssh'\nufw allow from 198.51.100.0/28 to any port 7071 proto tcp\n"
        "ufw insert 1 deny in on eth0 from 203.0.113.9\nufw route allow in on eth1 out on eth0\nufw allow Zimbra\n",
    ),
    "ipset-save": (
        "create trusted hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x5d3c2a1b\n"
        "add trusted 192.0.2.0/24\nadd trusted 203.0.113.8/29 nomatch\n"
        "create services hash:ip,port family inet hashsize 1024 maxelem 65536 timeout 300 counters comment\n"
        'add services 203.0.113.9,tcp:25 timeout 120 packets 0 bytes 0 comment "a b"\n'
        "create v6 hash:ip family inet6 hashsize 1024 maxelem 65536\nadd v6 2001:db8::9\n"
        "create ports bitmap:port range 0-65535\nadd ports 25-80\n"
        "create all list:set size 8\nadd all trusted\nadd all services\n",
    ),
}
"""For formats that no fixture shows."""
_RULES = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 7071 -j ACCEPT\nCOMMIT\n"


class Call(NamedTuple):
    """One call of the command, and the format that its output has."""

    words: tuple[str, ...]
    form: str
    stdin: bytes = b""


class Entry(NamedTuple):
    """One place where input comes in."""

    material: Material
    prepare: Callable[[bytes, random.Random], Call]
    """Lays the files of one input into the current folder."""
    run: Callable[[Sequence[str]], int] = main


@cache
def entries() -> dict[str, Entry]:
    """All of them, by name."""
    seeds = _seeds_of_formats()
    packets = _packets()
    found = {f"format {kind}": Entry(material(seeds[kind]), _format(kind)) for kind in FORMATS}
    found["any format"] = Entry(material([seed for held in seeds.values() for seed in held]), _any_format)
    found["host folder"] = Entry(material(_hosts()), _host_folder)
    found["site file"] = Entry(material(_site_files()), _site_file)
    found["check file"] = Entry(
        material([path.read_bytes() for path in sorted((ROOT / "rules" / "checks").glob("*.yaml"))]),
        _check_file,
        _read_check_of,
    )
    found["rules of one's own"] = Entry(material(_own_rules()), _own_rules_folder)
    found["baseline file"] = Entry(material(_baselines()), _baseline_file)
    found["packet words"] = Entry(material(packets), _packet_words)
    found["packets"] = Entry(material(_packet_objects()), _packet_lines)
    found["command line"] = Entry(material(_command_lines()), _command_line)
    return found


def _seeds_of_formats() -> dict[str, list[bytes]]:
    found = {kind: [sample.encode() for sample in _SAMPLES.get(kind, ())] for kind in FORMATS}
    for path in sorted(path for path in FIXTURES.rglob("*") if path.is_file()):
        data = path.read_bytes()
        kind = sniff(Source(str(path), data.decode("utf-8", "surrogateescape")))
        if kind in found and path.suffix != ".expected":  # beside FORMATS there are scripts that only a tree has
            found[kind].append(data)
    return found


def _reporter(chance: random.Random) -> tuple[tuple[str, ...], str]:
    form = chance.choice(tuple(REPORTERS))
    return ("--format", form), form


def _lay(name: str, data: bytes) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _format(kind: str) -> Callable[[bytes, random.Random], Call]:
    def prepare(data: bytes, chance: random.Random) -> Call:
        name = chance.choice((*_NAMES.get(kind, ()), "given"))
        _lay(name, data)
        options, form = _reporter(chance)
        match chance.randrange(4):
            case 0:
                return Call((*options, name), form)
            case 1:
                return Call(("--type", kind, *options, "-"), form, data)
            case 2:
                return Call((*options, "."), form)
            case _:
                return Call(("--type", kind, *options, name), form)

    return prepare


def _any_format(data: bytes, chance: random.Random) -> Call:
    kind = chance.choice(tuple(FORMATS))
    name = chance.choice(_NAMES.get(kind, ("given",)))
    _lay(name, data)
    options, form = _reporter(chance)
    return Call((*options, *chance.choice(((".",), (name,), ("--type", kind, name)))), form)


_HEAD = b"@@@@ "
"""Begins the line before each file of a host folder that is written as one input."""


def _hosts() -> list[bytes]:
    """Each host of the fixtures as one text."""
    folders = sorted(path for path in (*(FIXTURES / "hosts").iterdir(), *FIXTURES.glob("checks/*/*")) if path.is_dir())
    return [
        b"".join(
            b"%s%s\n%s" % (_HEAD, str(path.relative_to(folder)).encode(), path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        )
        for folder in folders
    ]


def _host_folder(data: bytes, chance: random.Random) -> Call:
    """Lay the files of a host; a name that cannot be one is left out."""
    for part in data.split(_HEAD)[1:]:
        name, _, text = part.partition(b"\n")
        path = os.path.normpath(os.fsdecode(name).strip() or "given")
        if not path.startswith(("/", "..")) and len(name) < 100 and "\0" not in path and not os.path.isdir(path):
            try:
                _lay(path, text)
            except (FileExistsError, NotADirectoryError):
                continue
    options, form = _reporter(chance)
    return Call((*options, "."), form)


def _site_files() -> list[bytes]:
    text = """\
networks:
  admin: [10.0.8.0/24, 2001:db8:8::/64]
  cluster: [10.20.0.0/24]
  clients: [198.51.100.0/24]
zimbra: {version: "10.1", proxy: true}
ssh_port: 2222
roles: [mta, proxy, mailbox]
hosts:
  mail1: {path: mail1, roles: [mta]}
  "mail*": {roles: [ldap]}
also_allowed:
  - 10000/tcp from admin
  - 60000-60010/udp from 192.0.2.0/24
  - 53/udp from public
severity: {cleartext-login: info, stale-port: off}
fail_on: error
interfaces: {inside: [eth1, tun+]}
"""
    return [text.encode(), *(path.read_bytes() for path in sorted(FIXTURES.rglob(".zimlint.yaml")))]


def _site_file(data: bytes, chance: random.Random) -> Call:
    _lay("rules.v4", _RULES.encode())
    _lay(".zimlint.yaml", data)
    options, form = _reporter(chance)
    return Call((*options, *chance.choice((("rules.v4",), ("--config", ".zimlint.yaml", ".")))), form)


def _check_file(data: bytes, chance: random.Random) -> Call:
    _lay("memcached-exposed.yaml", data)
    return Call(("memcached-exposed.yaml",), "text")


def _read_check_of(words: Sequence[str]) -> int:
    text = Path(words[0]).read_bytes().decode("utf-8", "surrogateescape")
    try:
        read_check(Source(words[0], text))
    except ConfigError:
        return 2
    return 0


def _own_rules() -> list[bytes]:
    folders = (FIXTURES / "rules").glob("*/rules")
    return [path.read_bytes() for folder in sorted(folders) for path in sorted(folder.rglob("*.yaml"))]


def _own_rules_folder(data: bytes, chance: random.Random) -> Call:
    """As a check and as a file of ports: what it is not, it must be refused as."""
    _lay("rules.v4", _RULES.encode())
    _lay(chance.choice(("own/checks/webmin-exposed.yaml", "own/catalogue/webmin.yaml")), data)
    options, form = _reporter(chance)
    return chance.choice((
        Call(("--rules", "own", *options, "rules.v4"), form),
        Call(("checks", "--rules", "own"), "text"),
        Call(("ports", "--rules", "own"), "text"),
        Call(("exposure", "--rules", "own", "rules.v4"), "text"),
    ))  # fmt: skip


def _baselines() -> list[bytes]:
    entry = (
        '{"fingerprint": "94505a2e936d34e97cf87b4c5fef8f3b", "check": "admin-console-exposed", '
        '"file": "rules.v4", "message": "admin console 7071/tcp accepts 203.0.113.9"}'
    )
    return [
        f'{{"schema": "zimlint-baseline/1", "findings": [{", ".join([entry] * times)}]}}\n'.encode()
        for times in range(3)
    ]


def _baseline_file(data: bytes, chance: random.Random) -> Call:
    _lay("rules.v4", _RULES.encode())
    _lay("known.json", data)
    options, form = _reporter(chance)
    return chance.choice((
        Call(("--baseline", "known.json", *options, "rules.v4"), form),
        Call(("baseline", "--prune", "known.json", "rules.v4"), "text"),
    ))  # fmt: skip


def _packets() -> list[bytes]:
    return [
        b"tcp 203.0.113.9 -> :7071 in eth0",
        b"udp 203.0.113.9:53 -> 192.0.2.10:11211 in eth0 established",
        b"tcp [2001:db8::9]:40000 -> [2001:db8::1]:25",
        b"icmp 203.0.113.9 -> host type 8/0",
        b"icmpv6 fe80::1 -> 2001:db8::1, type 1/4, new, on eth0",
        b"99 2001:db8::9 -> host, invalid, on eth0",
        b"gre 203.0.113.9 -> host, untracked, IPv6",
    ]


def _packet_objects() -> list[bytes]:
    return [
        b'{"family": "ipv4", "proto": "tcp", "src": "203.0.113.9", "sport": 40000, "dst": null, "dport": 25, '
        b'"in": "eth0", "state": "NEW", "id": 7}\n',
        b'{"proto": "icmp", "src": "203.0.113.9", "icmp_type": 8, "icmp_code": 0, "id": [1, {"a": null}]}\n',
        b'{"proto": 58, "src": "2001:db8::9", "dst": "2001:db8::1", "icmp_type": "packet-too-big"}\n\n'
        b'{"proto": "udp", "src": "::ffff:192.0.2.1", "dport": "53", "id": true}\n',
    ]


def _one_word(data: bytes) -> str:
    return os.fsdecode(data.replace(b"\0", b""))


def _packet_words(data: bytes, chance: random.Random) -> Call:
    _lay("rules.v4", _RULES.encode())
    form = chance.choice(("text", "json"))
    return Call(("trace", "rules.v4", "--format", form, f"--packet={_one_word(data)}"), _traced(form))


def _packet_lines(data: bytes, chance: random.Random) -> Call:
    _lay("rules.v4", _RULES.encode())
    _lay("packets.jsonl", data)
    form = chance.choice(("text", "json"))
    return Call(("trace", "rules.v4", "--format", form, "--packets", "packets.jsonl"), _traced(form))


def _traced(form: str) -> str:
    return "jsonl" if form == "json" else form


def _command_lines() -> list[bytes]:
    return [
        b"rules.v4",
        b"--format json --type iptables-save --config .zimlint.yaml --fail-on error -q --color never rules.v4",
        b"--select memcached-exposed,ssh-exposed --select admin-console-exposed rules.v4 ipset.conf",
        b"--ignore ssh-exposed --default-ufw default-ufw etc",
        b"trace rules.v4 --packet 'tcp 203.0.113.9 -> :7071 in eth0' --format json",
        b"explain memcached-exposed",
        b"--version --help",
        b"-- -",
        b"baseline --output known.json rules.v4",
        b"exposure --all-ports --closed --format json rules.v4",
        b"--statistics --format sarif --output report.sarif --format text rules.v4",
        b"init . --show-files",
        b"completion bash zsh fish",
        *(command.encode() for command in COMMANDS),
        *(f"{command} --help".encode() for command in COMMANDS),
        *(f"--format {name} .".encode() for name in REPORTERS),
        *(f"--type {name} rules.v4".encode() for name in FORMATS),
    ]


def _command_line(data: bytes, chance: random.Random) -> Call:
    """Any words; a path leads nowhere but into the folder of the execution."""
    _lay("rules.v4", _RULES.encode())
    _lay(".zimlint.yaml", b"networks: {admin: [10.0.8.0/24]}\n")
    text = _one_word(data[:2000])
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    kept = tuple(word for word in words if "/" not in word and ".." not in word)
    return Call(kept, "text", data)
