"""The site file: what it says is understood, and what is wrong in it is pointed at."""

from __future__ import annotations

import pytest

from tests.make_rules import checks
from zimlint.packets import ALL_ADDRESSES, Family, RangeSet, parse_address
from zimlint.source import ConfigError, Source
from zimlint.zimbra.site import DEFAULT_ROLES, Node, Site, also_allowed, is_single, node_of, peers
from zimlint.zimbra.site_file import read_site
from zimlint.zimbra.sources import source_classes

FULL = """\
networks:            # named sources
  admin: [198.51.100.0/28]
  cluster: [10.20.0.0/24, "2001:db8:20::/64"]
  clients: []
  office: [203.0.113.7]
zimbra: {version: "10.1", proxy: true}
ssh_port: 2222
roles: [ldap, mta, mailbox, proxy, memcached, logger]
hosts:
  mail1: {path: hosts/mail1, roles: [mta, proxy]}
  mail2: {path: hosts/mail2, roles: [mailbox]}
  mail3: {}
also_allowed: ["10000/tcp from admin", "161/udp from 192.0.2.7", '8000-8010/tcp from public']
severity: {cleartext-login: off, ssh-exposed: error}
fail_on: info
interfaces: {inside: [eth1, tun+]}
"""


def test_the_whole_file() -> None:
    site = _site(FULL)
    assert list(site.networks) == ["admin", "cluster", "clients", "office"]
    assert (site.version, site.proxy, site.ssh_port, site.fail_on) == ((10, 1), True, 2222, "info")
    assert site.hosts == (
        Node("mail1", ("mta", "proxy"), "hosts/mail1"),
        Node("mail2", ("mailbox",), "hosts/mail2"),
        Node("mail3", DEFAULT_ROLES),
    )
    assert site.severity == {"cleartext-login": "off", "ssh-exposed": "error"}
    assert site.inside == ("eth1", "tun+")
    assert _number("10.20.0.9") in site.networks["cluster"][Family.IPV4]
    assert _number("2001:db8:20::1") in site.networks["cluster"][Family.IPV6]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "networks:\nhosts:\n", "{}\n"])
def test_an_empty_file_is_the_default(text: str) -> None:
    site, default = _site(text), Site.default()
    assert (site.networks, site.roles, site.hosts, site.fail_on) == (default.networks, DEFAULT_ROLES, (), "warning")


def test_also_allowed() -> None:
    site = _site(FULL)
    assert also_allowed(site, Family.IPV4, 10000, "tcp") == site.networks["admin"][Family.IPV4]
    assert not also_allowed(site, Family.IPV6, 10000, "tcp")
    assert not also_allowed(site, Family.IPV4, 10000, "udp")
    assert also_allowed(site, Family.IPV4, 161, "udp") == RangeSet([(_number("192.0.2.7"),) * 2])
    assert also_allowed(site, Family.IPV6, 8005, "tcp") == ALL_ADDRESSES[Family.IPV6]
    assert not also_allowed(site, Family.IPV4, 8011, "tcp")


@pytest.mark.parametrize("version", ["10.1", '"10.1"', "8.8.15_P46", "9"])
def test_versions_with_and_without_quotes(version: str) -> None:
    assert _site(f"zimbra: {{version: {version}}}\n").version is not None


@pytest.mark.parametrize(("word", "proxy"), [("true", True), ("no", False), ("off", False), ("Yes", True)])
def test_switches(word: str, proxy: bool) -> None:
    assert _site(f"zimbra: {{proxy: {word}}}\n").proxy is proxy


def test_hosts_are_found_by_path_then_by_name() -> None:
    site = _site(FULL, "repo/.zimlint.yaml")
    assert node_of(site, "whatever", ["repo/hosts/mail1/rules.v4"]).name == "mail1"
    assert node_of(site, "mail1", ["repo/hosts/mail10/rules.v4"]).name == "mail1"
    assert node_of(site, "mail10", ["repo/hosts/mail10/rules.v4"]) == Node("mail10", DEFAULT_ROLES)
    assert node_of(site, "mail2", ["-"]).roles == ("mailbox",)


def test_peers() -> None:
    site = _site(FULL)
    assert peers(site, site.hosts[0]) == DEFAULT_ROLES  # of mail2 and mail3
    assert peers(_site("roles: [mta]\n"), Node("a", ("mta",))) == DEFAULT_ROLES
    without_proxy = _site("roles: [mta]\nzimbra: {proxy: false}\n")
    assert set(DEFAULT_ROLES) - set(peers(without_proxy, Node("a", ("mta",)))) == {"proxy"}
    assert peers(Site.default(), Node("a", DEFAULT_ROLES)) == ()
    assert is_single(Site.default())
    assert not is_single(site)
    assert not is_single(_site("roles: [mta]\n"))


def test_sources_do_not_overlap_with_the_outside() -> None:
    classes = source_classes(_site(FULL).networks)
    assert list(classes) == ["public", "lan", "admin", "cluster", "clients", "office"]
    for address, name in [
        ("203.0.113.9", "public"), ("8.8.8.8", "public"), ("2001:db8::9", "public"), ("203.0.113.7", "office"),
        ("198.51.100.3", "admin"), ("10.20.0.3", "cluster"), ("10.21.0.3", "lan"), ("100.64.0.1", "lan"),
        ("192.168.1.1", "lan"), ("fd00::1", "lan"), ("172.32.0.1", "public"), ("2001:db8:20::5", "cluster"),
        ("127.0.0.1", None), ("::1", None), ("fe80::1", None), ("169.254.1.1", None), ("224.0.0.1", None),
        ("0.0.0.0", None), ("255.255.255.255", None), ("ff02::1", None), ("::", None),
    ]:  # fmt: skip
        family = Family.IPV6 if ":" in address else Family.IPV4
        found = [key for key, networks in classes.items() if _number(address) in networks[family]]
        assert found == ([name] if name else []), address


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("network: {}\n", (1, 1), "unknown key 'network', did you mean 'networks'?"),
        ("colour: red\n", (1, 1), "unknown key 'colour', expected networks, zimbra"),
        ("- a\n", (1, 1), "site file: expected 'key: value' lines, not a list"),
        ("hello\n", (1, 1), "site file: expected 'key: value' lines, not 'hello'"),
        ("networks: [10.0.0.0/8]\n", (1, 11), "networks: expected 'key: value' lines, not a list"),
        ("networks:\n  admin: 10.0.0.0/8\n", (2, 10), "expected a list like [a, b], not '10.0.0.0/8'"),
        ("networks:\n  admin: [10.0.0.0/8, 300.1.1.1]\n", (2, 23), "not '300.1.1.1'"),
        ("networks:\n  admin: [mail.example.org]\n", (2, 11), "expected an address or a network"),
        ("networks: {admin: [10.0.0.0/33]}\n", (1, 20), "not '10.0.0.0/33'"),
        ("networks: {admin: ['2001:db8::/129']}\n", (1, 20), "not '2001:db8::/129'"),
        ("networks: {admin: [10.0.0.5/24]}\n", (1, 20), "host bits set, expected 10.0.0.0/24 or 10.0.0.5"),
        ("networks: {admin: ['2001:db8::1/64']}\n", (1, 20), "expected 2001:db8::/64 or 2001:db8::1"),
        ("networks: {admin: [10.0.0.0/255.0.255.0]}\n", (1, 20), "mask without holes"),
        ("networks: {admin: [0.0.0.0/0]}\n", (1, 20), "is everybody"),
        ("networks: {admin: ['::/0']}\n", (1, 20), "is everybody"),
        ("networks: {admin: ['']}\n", (1, 20), "expected a word, found nothing"),
        ("networks: {public: [10.0.0.0/8]}\n", (1, 12), "'public' has a meaning of its own"),
        ("networks: {'a b': [10.0.0.0/8]}\n", (1, 12), "expected a name of letters"),
        ("networks: {admin: [], admin: []}\n", (1, 23), "'admin' stands here a second time, first in line 1"),
        ("ssh_port: 22\nfail_on: info\nssh_port: 23\n", (3, 1), "second time, first in line 1"),
        ("zimbra: {version: ten}\n", (1, 19), "expected a version like \"10.1\", not 'ten'"),
        ("zimbra:\n  version:\n", (2, 11), "expected a word, found nothing"),
        ("zimbra: {proxy: maybe}\n", (1, 17), "expected true or false, not 'maybe'"),
        ("zimbra: {prox: true}\n", (1, 10), "did you mean 'proxy'?"),
        ("zimbra: 10.1\n", (1, 9), "zimbra: expected 'key: value' lines"),
        ("ssh_port: ssh\n", (1, 11), "expected a number from 1 to 65535, not 'ssh'"),
        ("ssh_port: 65536\n", (1, 11), "expected a number from 1 to 65535"),
        ("ssh_port: 1_0\n", (1, 11), "expected a number"),
        ("ssh_port: [22]\n", (1, 11), "expected one word, not a list"),
        ("roles: [mta, mailbx]\n", (1, 14), "did you mean 'mailbox'?"),
        ("roles: mta\n", (1, 8), "expected a list like [a, b], not 'mta'"),
        ("hosts: [mail1]\n", (1, 8), "hosts: expected 'key: value' lines"),
        ("hosts: {mail1: {roles: [x]}}\n", (1, 25), "hosts: mail1: roles: expected one of ldap"),
        ("hosts: {mail1: {pth: a}}\n", (1, 17), "did you mean 'path'?"),
        ("hosts: {mail1: {path: []}}\n", (1, 23), "hosts: mail1: path: expected one word"),
        ("also_allowed: [10000/tcp]\n", (1, 16), "expected 'PORT[-PORT]/tcp|udp from NETWORK|ADDRESS|public'"),
        ("also_allowed: [10000 from admin]\n", (1, 16), "with a protocol"),
        ("also_allowed: [10000/icmp from admin]\n", (1, 16), "not the protocol 'icmp'"),
        ("also_allowed: [70000/tcp from public]\n", (1, 16), "not the port '70000'"),
        ("also_allowed: [20-10/tcp from public]\n", (1, 16), "not the port '20-10'"),
        ("also_allowed: [20-/tcp from public]\n", (1, 16), "not the port '20-'"),
        ("also_allowed: [25/tcp from offce]\nnetworks: {office: [10.0.0.1]}\n", (1, 16), "did you mean 'office'?"),
        ("also_allowed: [25/tcp from nowhere]\n", (1, 16), "expected an address, public or admin"),
        ("also_allowed: [25/tcp from admin]\n", (1, 16), "expected networks: admin to name a network"),
        ("also_allowed: [25/tcp from 1.2.3]\n", (1, 16), "also_allowed: expected an address"),
        ("also_allowed: [25/tcp from 0.0.0.0/0]\n", (1, 16), "is everybody"),
        ("severity: {ssh-exposd: error}\n", (1, 12), "there is no check 'ssh-exposd', did you mean 'ssh-exposed'?"),
        ("severity: {zzz: error}\n", (1, 12), "'zimlint checks' lists them"),
        ("severity: {ssh-exposed: high}\n", (1, 25), "expected one of error, warning, info, off, not 'high'"),
        ("fail_on: never\n", (1, 10), "expected one of error, warning, info, not 'never'"),
        ("interfaces: {outside: [eth0]}\n", (1, 14), "unknown key 'outside'"),
        ("interfaces: {inside: [eth+1]}\n", (1, 23), "expected an interface like eth1 or tun+"),
        ("interfaces: {inside: [+]}\n", (1, 23), "expected an interface"),
        ("interfaces: {inside: [abcdefghijklmnop]}\n", (1, 23), "expected an interface"),
        ("networks: {admin: [10.0.0.0/8\n", (2, 1), "not YAML"),
        ("a: 'x\n", (2, 1), "not YAML"),
        ("networks:\n\tadmin: []\n", (2, 1), "not YAML"),
        ("a: 1\n b: 2\n", (2, 3), "not YAML"),
        ("a: \x01\n", (1, 4), "a character stands here"),
        ("a: 1\n---\nb: 2\n", (2, 1), "expected only one"),
        ("networks: &n {}\n", (1, 11), "anchors and aliases are not read"),
        ("fail_on: !!python/object:os.system x\n", (1, 10), "tags are not read"),
        ("networks: !!map {}\n", (1, 11), "tags are not read"),
        ("networks: {<<: {}}\n", (1, 12), "expected a name of letters"),
        ("? [a]\n: b\n", (1, 3), "expected a word as key, not a list"),
        ("[" * 5000, None, ""),
        ("# é\nö: \x01\n", (2, 4), "a character stands here"),
        ("a: \ud800\n", (1, 4), "a character stands here"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, place: tuple[int, int] | None, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _site(text)
    assert message in caught.value.message
    span = caught.value.span
    assert span is not None
    if place:
        assert (span.line, span.column) == place


def test_a_bomb_is_refused_at_once() -> None:
    """Nine levels of nine aliases would be a billion words."""
    lines = ['a0: &a0 ["x"]'] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(ConfigError, match="anchors and aliases"):
        _site("\n".join(lines))
    with pytest.raises(ConfigError, match="nested deeper"):
        _site("networks: " + "[" * 500 + "]" * 500)
    with pytest.raises(ConfigError, match="more than"):
        _site("#" * 600_000)


def _site(text: str, name: str = ".zimlint.yaml") -> Site:
    return read_site(Source(name, text), checks=[check.id for check in checks()])


def _number(address: str) -> int:
    return parse_address(address)[1]
