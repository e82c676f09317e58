"""Which files are of which kind, and which belong to one host."""

from __future__ import annotations

import pytest

from tests.cli.inputs import GOOD_V4, GOOD_V6, PROFILE, STATUS
from zimlint.formats import sniff
from zimlint.host import Host
from zimlint.hosts import gather
from zimlint.hosts.grouping import stem
from zimlint.packets import Family
from zimlint.source import Source

USER = "*filter\n:ufw-user-input - [0:0]\n### RULES ###\n### END RULES ###\nCOMMIT\n"
BEFORE = "*filter\n:ufw-before-input - [0:0]\n-A ufw-before-input -i lo -j ACCEPT\nCOMMIT\n"
SETTINGS = 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="DROP"\n'
UFW_CONF = "ENABLED=yes\nLOGLEVEL=low\n"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("x", GOOD_V4, "iptables-save"),
        ("before.rules", GOOD_V4, "iptables-save"),
        ("before.rules", "*filter\nCOMMIT\n", "ufw-rules"),
        ("before.rules", "*filter\n:INPUT DROP [0:0]\n:ufw-before-input - [0:0]\nCOMMIT\n", "ufw-rules"),
        ("x", USER, "ufw-rules"),
        ("x", BEFORE, "ufw-rules"),
        ("x", ":INPUT DROP [0:0]\n:ufw-user-input - [0:0]\n-A INPUT -j ufw-user-input\n*filter\n", "iptables-save"),
        ("x", "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n", "iptables-save"),
        ("x", "$ sudo iptables-save\n" + GOOD_V4, "iptables-save"),
        ("x", "\ufeff" + GOOD_V4, "iptables-save"),
        ("x", GOOD_V4.replace("\n", "\r\n"), "iptables-save"),
        ("x", "#!/sbin/iptables-restore\n" + GOOD_V4, "iptables-save"),
        ("x", "#!/bin/sh\niptables-restore <<EOF\n" + GOOD_V4, None),
        ("rules.v6", "# nothing here yet\n", "iptables-save"),
        ("x", STATUS, "ufw-status"),
        ("x", "WARN: Checks disabled\nStatus: inactive\n", "ufw-status"),
        ("x", "Stato: inattivo\n", "ufw-status"),
        ("x", "État : actif\n", "ufw-status"),
        ("x", "System Status: all services are fine\n", None),
        ("x", PROFILE, "ufw-profile"),
        ("x", PROFILE.replace("[Zimbra]", "[Zimbra"), "ufw-profile"),
        ("applications.d/x", "nonsense\n", "ufw-profile"),
        ("x", "[sshd]\nenabled = true\nport = ssh\n", None),
        ("x", SETTINGS, "ufw-settings"),
        ("ufw.conf", "ENABLED=no\n", "ufw-settings"),
        ("etc/default/ufw", "IPV6=no\n", "ufw-settings"),
        ("x", "create bans hash:ip family inet\nadd bans 192.0.2.1\n", "ipset-save"),
        ("x", "create a table\n", None),
        ("README", "zimlint reads the output of iptables-save.\n", None),
    ],
)
def test_kind_by_content_then_by_name(name: str, text: str, kind: str | None) -> None:
    assert sniff(Source(name, text)) == kind


def test_telling_apart_is_quick_on_hostile_text() -> None:
    for text in ("\n" * 300_000, "title=\n" * 50_000, "[" * 300_000, " " * 300_000, "- " * 100_000, "[1:" * 90_000):
        sniff(Source("x", text))


def hosts_of(**files: str) -> tuple[Host, ...]:
    return gather([Source(name, text) for name, text in files.items()])[0]


def names(*files: tuple[str, str]) -> list[tuple[str, list[str]]]:
    found, unread = gather([Source(name, text) for name, text in files])
    assert not unread
    return [(host.name, [source.name for source in host.sources]) for host in found]


def test_dumps_status_profiles_and_sets_of_a_folder_are_one_host() -> None:
    assert names(
        ("hosts/mail1/rules.v4", GOOD_V4),
        ("hosts/mail1/rules.v6", GOOD_V6),
        ("hosts/mail1/ufw-status.txt", STATUS),
        ("hosts/mail1/applications.d/zimbra", PROFILE),
    ) == [
        (
            "mail1",
            [
                "hosts/mail1/rules.v4",
                "hosts/mail1/rules.v6",
                "hosts/mail1/ufw-status.txt",
                "hosts/mail1/applications.d/zimbra",
            ],
        )
    ]


def test_the_folders_that_a_host_keeps_its_files_in_are_one_host() -> None:
    ((name, files),) = names(
        ("mail1/etc/ufw/user.rules", USER),
        ("mail1/etc/ufw/applications.d/zimbra", PROFILE),
        ("mail1/etc/default/ufw", SETTINGS),
        ("mail1/etc/iptables/rules.v4", GOOD_V4),
        ("mail1/ufw-status.txt", STATUS),
    )
    assert name == "mail1"
    assert len(files) == 5


def test_two_folders_are_two_hosts() -> None:
    assert [name for name, _ in names(("a/rules.v4", GOOD_V4), ("b/rules.v4", GOOD_V4))] == ["a", "b"]


def test_two_folders_of_one_name_are_told_apart() -> None:
    assert [name for name, _ in names(("a/mail1/rules.v4", GOOD_V4), ("b/mail1/rules.v4", GOOD_V4))] == [
        "a/mail1",
        "b/mail1",
    ]


def test_names_tell_hosts_apart_where_two_dumps_cannot_be_of_one() -> None:
    assert names(
        ("d/mail1.v4", GOOD_V4),
        ("d/mail1.v6", GOOD_V6),
        ("d/mail2-iptables.save", GOOD_V4),
        ("d/mail2-ip6tables.save", GOOD_V6),
    ) == [
        ("mail1", ["d/mail1.v4", "d/mail1.v6"]),
        ("mail2", ["d/mail2-iptables.save", "d/mail2-ip6tables.save"]),
    ]


def test_two_dumps_that_nothing_tells_apart_are_two_hosts() -> None:
    assert [name for name, _ in names(("d/rules.v4", GOOD_V4), ("d/iptables.save", GOOD_V4))] == ["d", "iptables.save"]


def test_several_forms_of_one_status_are_one_host_and_verbose_says_most() -> None:
    plain = (
        "Status: active\n\nTo                         Action      From\n--                         ------      ----\n"
    )
    (host,) = gather([Source("m/status.txt", plain), Source("m/ufw-status-verbose.txt", STATUS)])[0]
    assert host.status is not None
    assert host.status.form == "verbose"


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("mail1-ip6tables.save", "mail1"),
        ("rules.v4", ""),
        ("mail.example.com.rules.v4", "mail.example.com"),
        ("ufw-status-verbose.txt", ""),
        ("iptables-mail1", "mail1"),
        ("x/ip6tables", ""),
    ],
)
def test_stem_is_what_a_name_says_beside_the_format(name: str, left: str) -> None:
    assert stem(name) == left


@pytest.mark.parametrize(
    ("name", "base", "host"),
    [
        ("/etc/ufw/user.rules", "", "ufw"),
        ("ufw/user.rules", "/etc", "ufw"),
        ("user.rules", "/srv/mail1/etc/ufw", "mail1"),
        ("rules.v4", "/srv/mail1", "mail1"),
        ("../rules.v4", "/srv/mail1/x", "mail1"),
        ("rules.v4", "", "rules"),
        ("-", "/srv", "stdin"),
        ("dumps/mail1.v4", "", "mail1"),
    ],
)
def test_a_host_is_called_like_its_folder(name: str, base: str, host: str) -> None:
    text = USER if "user" in name else GOOD_V4
    assert [found.name for found in gather([Source(name, text)], base=base)[0]] == [host]


def test_a_lone_file_of_a_tree_is_a_fragment_and_a_whole_family_a_tree() -> None:
    def views(complete: tuple[str, ...], *roles: str) -> list[tuple[str, Family]]:
        files = [Source(f"ufw/{role}.rules", BEFORE if role == "before" else USER) for role in roles]
        (host,) = gather(files, complete=complete)[0]
        return [(ruleset.view, ruleset.family) for ruleset in host.rulesets]

    assert views((), "user") == [("fragment", Family.IPV4)]
    assert views(("ufw",), "user") == [("fragment", Family.IPV4)]
    assert views((), "user", "before") == [("fragment", Family.IPV4)] * 2
    assert views(("ufw",), "user", "before") == [("tree", Family.IPV4)]
    assert views((), "user", "before", "after") == [("tree", Family.IPV4)]


def test_ufw_conf_overrides_the_default_file() -> None:
    (host,) = hosts_of(**{"etc/ufw/ufw.conf": UFW_CONF + "IPV6=no\n", "etc/default/ufw": SETTINGS})
    assert host.settings["IPV6"].boot == "no"
    assert host.settings["ENABLED"].boot == "yes"


def test_the_default_file_that_was_given_belongs_to_the_tree_of_its_folder() -> None:
    given = Source("other/defaults", SETTINGS)
    (host,) = gather([Source("a/user.rules", USER)], default_ufw={"a": given, "b": given})[0]
    assert "DEFAULT_INPUT_POLICY" in host.settings
    assert [source.name for source in host.sources] == ["a/user.rules", "other/defaults"]


def test_kind_overrides_content_and_unknown_text_is_unread() -> None:
    (host,), unread = gather([Source("x", "# empty\n")], "iptables-save")
    assert host.rulesets[0].view == "dump"
    assert not unread
    none, (unknown,) = gather([Source("notes", "hello\n")])
    assert not none
    assert unknown.file == "notes"
