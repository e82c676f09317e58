"""default/ufw and ufw.conf: what the ufw command reads, what its boot script reads, and what a difference does."""

from __future__ import annotations

import pytest

from zimlint.host import Setting
from zimlint.model import Verdict
from zimlint.source import Source
from zimlint.ufw.settings import boot_policies, is_on, merge_settings, read_settings


def read(text: str) -> tuple[dict[str, tuple[str | None, str | None]], list[tuple[int, str]]]:
    settings, problems = read_settings(Source("etc/default/ufw", text))
    assert all(problem.check == "policy-misread" for problem in problems)
    readings = {key: (setting.command, setting.boot) for key, setting in settings.items()}
    return readings, [(problem.span.line, problem.message) for problem in problems]


def test_the_stock_file_is_read_alike_by_both() -> None:
    text = (
        "# /etc/default/ufw\n#\n\nIPV6=yes\n"
        'DEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="REJECT"\n'
        'DEFAULT_APPLICATION_POLICY="SKIP"\nMANAGE_BUILTINS=no\nIPT_SYSCTL=/etc/ufw/sysctl.conf\nIPT_MODULES=""\n'
    )
    readings, problems = read(text)
    assert problems == []
    assert readings["IPV6"] == ("yes", "yes")
    assert readings["DEFAULT_FORWARD_POLICY"] == ("reject", "REJECT")
    assert readings["IPT_SYSCTL"] == (None, "/etc/ufw/sysctl.conf")
    assert readings["IPT_MODULES"] == (None, "")


@pytest.mark.parametrize(
    ("line", "command", "boot"),
    [
        ("IPV6=yes", "yes", "yes"),
        ('IPV6="YES"', "yes", "YES"),
        ("IPV6='yes'", None, "yes"),
        ("IPV6=yes   # text", "yes   # text", "yes"),
        (" IPV6=yes", None, "yes"),
        ("export IPV6=yes", None, "yes"),
        ("IPV6=y\\\nes", "y\\", "yes"),
        ('IPV6=y"e"s#x', 'y"e"s#x', "yes#x"),
        ("A=ye; IPV6=${A}s", None, "yes"),
        ('A=ye\nIPV6="${A}s"', None, "yes"),
        ("A=ye\nIPV6='$A'", None, "$A"),
        ("IPV6=no\nIPV6=yes", "yes", "yes"),
        ("IPV6=no\nIPV6='yes'", "no", "yes"),
        ("#IPV6=no\nIPV6=yes", "yes", "yes"),
    ],
)
def test_each_reads_by_its_own_rules(line: str, command: str | None, boot: str) -> None:
    readings, _ = read(line + "\n")
    assert readings["IPV6"] == (command, boot)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'DEFAULT_INPUT_POLICY="drop"\n',
            "DEFAULT_INPUT_POLICY: ufw reads drop, iptables refuses 'drop' of the boot script:"
            " INPUT, OUTPUT and FORWARD stay ACCEPT, and after.rules does not load",
        ),
        (
            "DEFAULT_INPUT_POLICY='DROP'\n",
            "DEFAULT_INPUT_POLICY: ufw stops with \"Missing policy for 'input'\", its boot script reads DROP",
        ),
        (
            'DEFAULT_OUTPUT_POLICY="ACCEPT" # open\n',
            "DEFAULT_OUTPUT_POLICY: ufw stops with \"Invalid policy 'accept\" # open' for 'output'\","
            " its boot script reads ACCEPT",
        ),
        (
            "DEFAULT_FORWARD_POLICY=DENY\n",
            "DEFAULT_FORWARD_POLICY: ufw stops with \"Invalid policy 'deny' for 'forward'\","
            " iptables refuses 'DENY' of the boot script: INPUT, OUTPUT and FORWARD stay ACCEPT,"
            " and after.rules does not load",
        ),
        (
            "IPV6=Yes\n",
            "IPV6: ufw reads 'yes' (on), its boot script 'Yes' (off):"
            " at boot all IPv6 is dropped, and ufw enable fails and sets ENABLED=no",
        ),
        (
            "IPV6=yes # on\n",
            "IPV6: ufw reads 'yes # on' (off), its boot script 'yes' (on):"
            " IPv6 rules are loaded, ufw does not show them and empties user6.rules when it writes it next",
        ),
        ("ENABLED=Yes\n", "ENABLED: ufw reads 'yes' (on), its boot script 'Yes' (off): no firewall is started"),
        (
            "ENABLED='yes'\n",
            "ENABLED: ufw reads no value (off), its boot script 'yes' (on):"
            " it is started, and ufw changes only files, not the kernel",
        ),
        (
            "IPV6 = yes\nENABLED=yes\n",
            "the boot script takes 'IPV6' for a command and ends with 'not found': no firewall is started",
        ),
        ('\nIPV6="yes\n', "the boot script ends with 'Unterminated quoted string': no firewall is started"),
        (
            "IPV6=yes\r\n\r\nDEFAULT_INPUT_POLICY=DROP\r\n",
            "lines end in CR LF, which the boot script takes for part of each value:"
            " it ends at an empty line and no firewall is started",
        ),
    ],
)
def test_a_difference_says_what_it_does(text: str, expected: str) -> None:
    _, problems = read(text)
    assert [message for _, message in problems] == [expected]


@pytest.mark.parametrize(
    "text",
    ["LOGLEVEL='low'\n", "IPT_MODULES='nf_conntrack_ftp'\n", "IPV6='no'\n", "ENABLED=NO\n", "[ -f x ] && true\n", ""],
)
def test_a_difference_without_effect_is_no_problem(text: str) -> None:
    assert read(text)[1] == []


def test_the_second_file_wins_for_each_reader() -> None:
    merged = merge_settings(*(read_settings(Source(*file))[0] for file in (
        ("default/ufw", "IPV6=yes\nDEFAULT_INPUT_POLICY=DROP\n"),
        ("ufw.conf", "IPV6='no'\nENABLED=yes\n"),
    )))  # fmt: skip
    assert (merged["IPV6"].command, merged["IPV6"].boot) == ("yes", "no")
    assert not is_on(merged["IPV6"])
    assert is_on(merged["ENABLED"])
    assert merged["IPV6"].span.source.name == "ufw.conf"
    assert boot_policies(merged) == {"INPUT": Verdict.DROP, "OUTPUT": None, "FORWARD": None}


def test_spans_are_the_lines() -> None:
    settings, _ = read_settings(Source("default/ufw", "# first\n  IPV6='yes'  # why\n"))
    setting: Setting = settings["IPV6"]
    assert setting.span[1:] == (2, 3, 2, 20)
