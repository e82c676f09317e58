"""What an administrator has allowed is left out and counted; what he allowed in vain is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.inputs import BAD_V4, BAD_V6, GOOD_V4, GOOD_V6, MAIL, STATUS
from tests.helpers import lint_files, run_zimlint
from zimlint.finding import Report

ADMIN = "-A INPUT -p tcp -m tcp --dport 7071 -j ACCEPT\n"
ALLOW = "# zimlint: allow admin-console-exposed: the VPN filters\n"
SITE = "ignore:\n- {check: admin-console-exposed, path: %s, reason: the VPN filters%s}\n"
ABOUT = ("admin-console-exposed", "unused-suppression", "protocol-missing", "default-accept", "unreadable-line")


def ids(report: Report) -> list[str]:
    """The findings that these tests are about."""
    return sorted(finding.check for finding in report.findings if finding.check in ABOUT)


def above(comment: str, text: str = BAD_V4) -> str:
    """The dump with a line above the one that opens the admin console."""
    return text.replace(ADMIN, comment + ADMIN)


@pytest.mark.parametrize(
    "comment",
    [
        ALLOW,
        "#zimlint: allow admin-console-exposed the VPN filters\n",
        "#zimlint:allow admin-console-exposed:the VPN filters\n",
        "  #  Zimlint :  Allow Admin-Console-Exposed : the VPN filters\n",
        "# ZIMLINT: ALLOW SSH-EXPOSED ,ADMIN-CONSOLE-EXPOSED: the VPN filters\n",
        "# zimlint: allow ssh-exposed, admin-console-exposed : the VPN filters\n",
        f"{ALLOW}# what the VPN needs\n",
    ],
)
def test_a_comment_above_the_line(comment: str) -> None:
    report = lint_files({"rules.v4": above(comment), "rules.v6": GOOD_V6})
    assert "admin-console-exposed" not in ids(report)
    (one,) = report.suppressed
    assert (one.finding.check, one.reason, one.by.line) == ("admin-console-exposed", "the VPN filters", 9)


@pytest.mark.parametrize(
    "comment",
    [
        "# zimlint: allow admin-console-exposed\n",
        "# zimlint: allow ssh-exposed: other\n",
        "# zimlint: allow\n",
        "# zimlint: ignore admin-console-exposed: the VPN filters\n",
        "# zimlint: allow admin-console-exposd: the VPN filters\n",
        "# zimlint allow admin-console-exposed: the VPN filters\n",
        "# zimlint - ignore admin-console-exposed: the VPN filters\n",
        "# zimlint-disable-next-line admin_console_exposed\n",
        "# zimlint:allow=admin-console-exposed: the VPN filters\n",
        f"{ALLOW}-A INPUT -s 192.0.2.1/32 -p icmp -j DROP\n",
    ],
)
def test_what_does_not_count_hides_nothing_and_is_told(comment: str) -> None:
    report = lint_files({"rules.v4": above(comment), "rules.v6": GOOD_V6})
    assert ids(report) == ["admin-console-exposed", "unused-suppression"]
    assert report.suppressed == ()


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("zimlint: allow admin-console-exposd: why", "there is no check 'admin-console-exposd' to allow, did you mean"),
        ("zimlint ignore admin_console_exposed, ssh-exposed: why",
         "a suppression reads 'zimlint: allow admin-console-exposed, ssh-exposed: reason'"),
        ("zimlint allow admin-console-exposd: why", "reads 'zimlint: allow admin-console-exposed: reason'"),
        ("zimlint: ignore: why", "a suppression reads 'zimlint: allow CHECK: reason'"),
        ("zimlint: allow admin-console-exposed:", "gives no reason"),
    ],
)  # fmt: skip
def test_what_does_not_count_is_told_with_what_to_write(comment: str, message: str) -> None:
    report = lint_files({"rules.v4": above(f"# {comment}\n"), "rules.v6": GOOD_V6})
    (one,) = (each for each in report.findings if each.check == "unused-suppression")
    assert message in one.message
    assert (one.span.source.name, one.span.line) == ("rules.v4", 9)


@pytest.mark.parametrize(
    "comment",
    [
        "seen by zimlint: allow ssh only", "checked with zimlint", "zimlint allows only what is declared",
        "Zimlint ignore list: see the wiki", "zimlint allow", "zimlint accepted this on 2026-01-31",
        "zimlint ignore-list: follow-up on-call",
        "to accept it, write zimlint: allow ssh-exposed: why",
    ],
)  # fmt: skip
def test_a_comment_that_only_speaks_of_zimlint_is_none(comment: str) -> None:
    report = lint_files({"rules.v4": above(f"# {comment}\n"), "rules.v6": GOOD_V6})
    assert ids(report) == ["admin-console-exposed"]


def test_a_rule_of_ufw_has_but_one_comment(tmp_path: Path) -> None:
    """So that it is told where the suppression comes second in it."""
    command = "ufw allow 7071/tcp comment 'console; zimlint: allow admin-console-exposed the VPN filters'\n"
    report = lint_files({"added.txt": command + "ufw allow 25/tcp comment 'checked with zimlint'\n"})
    assert ids(report) == ["admin-console-exposed", "unused-suppression"]
    assert "does not begin with 'zimlint: allow admin-console-exposed: reason'" in report.findings[-1].message


def test_a_faulty_suppression_hides_nothing_of_its_line() -> None:
    """A minor finding is told only where nothing graver is told of the line; a suppression is no fault of the rule."""
    report = lint_files({"added.txt": "ufw allow 9999/tcp comment 'zimlint allow unknown-port-open why'\n"})
    assert [f.check for f in report.findings] == ["unknown-port-open", "unused-suppression"]


def test_a_profile_whose_ports_are_not_shown_is_not_called_idle() -> None:
    added = (
        "Added user rules (see 'ufw status' for running firewall):\n"
        "ufw allow Console comment 'zimlint: allow admin-console-exposed the VPN filters'\n"
    )
    assert "unused-suppression" not in ids(lint_files({"added.txt": added}))
    assert "unused-suppression" in ids(lint_files({"added.txt": added.replace("Console", "993/tcp")}))


def test_the_comment_of_a_rule_in_a_dump() -> None:
    text = '-m comment --comment "zimlint: allow admin-console-exposed it\'s \\"the\\" VPN" -j'
    report = lint_files({"rules.v4": BAD_V4.replace(ADMIN, ADMIN.replace("-j", text)), "rules.v6": GOOD_V6})
    assert "admin-console-exposed" not in ids(report)
    assert report.suppressed[0].reason == 'it\'s "the" VPN'


def test_the_other_family_is_the_same_rule() -> None:
    report = lint_files({"rules.v4": above(ALLOW), "rules.v6": BAD_V6})
    assert ids(report) == []
    assert len(report.suppressed) == 1


def test_another_line_of_the_file_is_another_rule() -> None:
    narrow = ADMIN.replace("-A INPUT", "-A INPUT -s 203.0.113.0/24")
    report = lint_files({"rules.v4": above(ALLOW + narrow), "rules.v6": GOOD_V6})
    assert ids(report) == ["admin-console-exposed"]
    assert (report.findings[-1].span.line, report.suppressed[0].finding.span.line) == (11, 10)


def test_another_port_of_the_same_line_is_told_if_it_is_another_check() -> None:
    """What was left unsaid for the sake of a suppressed finding comes up where it is about other ports."""
    report = lint_files({"rules.v4": above(ALLOW).replace(ADMIN, ADMIN + ADMIN.replace("tcp", "udp"))})
    assert ids(report) == ["protocol-missing"]


PROFILE = "[Zimbra]\ntitle=Zimbra\ndescription=mail\nports=25,443,465,587,7071/tcp\n"


@pytest.mark.parametrize(
    ("ports", "told"),
    [("25,443,465,587,7071", []), ("25,443,465,587,7071,7025", ["profile-opens-internal"])],
    ids=["accepted", "more than was accepted"],
)
def test_what_is_told_at_a_suppressed_finding_stays_away(ports: str, told: list[str]) -> None:
    """The profile lists what the rules show open; accepted there, it is accepted."""
    profile = PROFILE.replace("25,443,465,587,7071", ports)
    files = {"rules.v4": above(ALLOW), "rules.v6": GOOD_V6, "applications.d/zimbra": profile}
    report = lint_files(files)
    assert [f.check for f in report.findings if f.check != "ssh-exposed"] == told
    assert len(report.suppressed) == 1
    site = "severity: {admin-console-exposed: off}\n"
    checks = [f.check for f in lint_files({**files, "rules.v4": BAD_V4}, site).findings]
    assert "profile-opens-internal" in checks  # a check that is not asked accepts nothing


def test_what_only_some_of_the_accepted_findings_tell_stays_away_too() -> None:
    """The profile is told by two lines of which one is suppressed."""
    more = ADMIN.replace("7071", "7025")
    profile = PROFILE.replace("7071", "7071,7025")
    report = lint_files({"rules.v4": above(more + ALLOW), "rules.v6": GOOD_V6, "applications.d/zimbra": profile})
    assert [f.check for f in report.findings] == ["internal-port-exposed"]


def test_a_line_that_comes_too_late_stays_away_with_the_first() -> None:
    late = ADMIN.replace("ACCEPT", "DROP")
    report = lint_files({"rules.v4": above(ALLOW).replace(ADMIN, ADMIN + late), "rules.v6": GOOD_V6})
    assert report.findings == ()
    other = late.replace("7071", "443")
    report = lint_files({"rules.v4": above(ALLOW).replace(ADMIN, ADMIN + other), "rules.v6": GOOD_V6})
    assert [f.check for f in report.findings] == ["dead-deny"]


def test_a_baseline_knows_the_finding_that_is_told(tmp_path: Path) -> None:
    """Where it is known, what is told at it does not come up as new."""
    (tmp_path / "applications.d").mkdir()
    (tmp_path / "applications.d" / "zimbra").write_text(PROFILE)
    for name, text in (("rules.v4", BAD_V4), ("rules.v6", GOOD_V6)):
        (tmp_path / name).write_text(text)
    assert run_zimlint("--format", "json", ".", cwd=tmp_path).checks() == ["admin-console-exposed"]
    run_zimlint("baseline", ".", "--output", "known.json", cwd=tmp_path)
    assert run_zimlint("--format", "json", "--baseline", "known.json", ".", cwd=tmp_path).checks() == []
    (tmp_path / "rules.v4").write_text(above(ALLOW))
    assert run_zimlint("--format", "json", "--baseline", "known.json", ".", cwd=tmp_path).checks() == []


def test_behind_a_rule_a_comment_is_none() -> None:
    """iptables-restore refuses the line: Bad argument `#'."""
    line = ADMIN.replace("\n", " # zimlint: allow admin-console-exposed, unreadable-line: the VPN filters\n")
    report = lint_files({"rules.v4": BAD_V4.replace(ADMIN, line)})
    assert "unreadable-line" in ids(report)
    assert report.suppressed == ()


def test_behind_a_chain_a_comment_is_one() -> None:
    chain = ":INPUT ACCEPT [0:0] # zimlint: allow default-accept: the provider filters"
    report = lint_files({"rules.v4": GOOD_V4.replace(":INPUT DROP [0:0]", chain)})
    assert ids(report) == []
    assert [one.finding.check for one in report.suppressed] == ["default-accept"]


def test_a_file_that_does_not_load_does_not_vouch_for_itself() -> None:
    bad = "-A INPUT -p tcp --dprt 25 -j ACCEPT\n"
    comment = "# zimlint: allow unreadable-line: fine\n"
    report = lint_files({"rules.v4": GOOD_V4.replace("COMMIT", f"{comment}{bad}COMMIT")})
    assert ids(report) == ["unreadable-line", "unused-suppression"]
    site = "ignore:\n- {check: unreadable-line, path: rules.v4, reason: a newer iptables reads it}\n"
    report = lint_files({"rules.v4": GOOD_V4.replace("COMMIT", f"{bad}COMMIT")}, site)
    assert ids(report) == []


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("rules.v4", ""), ("'*.v4'", ""), ("'**'", ""), ("'**/rules.v4'", ""), ("./rules.v4", ""),
        ("'rules.v[46]'", ""), ("rules.v4", ", until: 2026-01-31"), ("rules.v4", ", ports: [7071/tcp]"),
        ("rules.v4", ", ports: [7000-7100/tcp, 9071/udp]"),
    ],
)  # fmt: skip
def test_the_site_file_ignores(path: str, more: str) -> None:
    report = lint_files({"rules.v4": BAD_V4, "rules.v6": GOOD_V6}, SITE % (path, more))
    assert ids(report) == []
    assert report.suppressed[0].by.source.name == ".zimlint.yaml"


@pytest.mark.parametrize(
    ("path", "more", "message"),
    [
        ("rules.v6", "", "is ignored in rules.v6, but not found there"),
        ("hosts/rules.v4", "", "where there is no file"),
        ("'rules.v4/*'", "", "where there is no file"),
        ("rules.v4", ", until: 2026-01-30", "ended on 2026-01-30"),
        ("rules.v4", ", ports: [7071/udp]", "is about other ports"),
        ("rules.v4", ", ports: [9071/tcp]", "is about other ports"),
    ],
)
def test_the_site_file_ignores_in_vain(path: str, more: str, message: str) -> None:
    report = lint_files({"rules.v4": BAD_V4, "rules.v6": GOOD_V6}, SITE % (path, more))
    assert ids(report) == ["admin-console-exposed", "unused-suppression"]
    assert any(message in finding.message for finding in report.findings)


BOTH = ADMIN.replace("-m tcp --dport 7071", "-m multiport --dports 7071,9071")


def test_of_a_finding_of_more_ports_the_others_are_told() -> None:
    both = BAD_V4.replace(ADMIN, BOTH)
    site = SITE % ("rules.v4", ", ports: [7071/tcp]")
    report = lint_files({"rules.v4": both}, site)
    assert ids(report) == ["admin-console-exposed"]
    (told,) = (f for f in report.findings if f.check == "admin-console-exposed")
    assert told.ports == ("9071/tcp",)
    assert "7071" not in told.message + told.fix.partition(" out of ")[0]
    assert told.evidence is not None
    assert told.evidence.packet.destination_port == 9071
    assert [one.finding.ports for one in report.suppressed] == [("7071/tcp",)]
    both_named = site + site.replace("ignore:\n", "").replace("7071", "9071")
    report = lint_files({"rules.v4": both}, both_named)
    assert ids(report) == []
    assert len(report.suppressed) == 1


def test_of_ports_that_nothing_of_zimbra_uses_the_others_are_told() -> None:
    text = GOOD_V4.replace("25,443", "25,443,9998,9999")
    site = "ignore:\n- {check: unknown-port-open, path: rules.v4, ports: [9998/tcp], reason: monitoring}\n"
    report = lint_files({"rules.v4": text, "rules.v6": GOOD_V6}, site)
    assert [(f.check, f.ports) for f in report.findings] == [("unknown-port-open", ("9999/tcp",))]


def test_a_finding_that_is_known_only_whole_is_not_ignored_by_half() -> None:
    """A profile is one line; and so are the ports that mail needs."""
    profile = PROFILE.replace("7071", "7071,7025")
    site = "ignore:\n- {check: profile-opens-internal, path: applications.d, ports: [7071/tcp], reason: why}\n"
    report = lint_files({"applications.d/zimbra": profile}, site)
    assert sorted(f.check for f in report.findings) == ["profile-opens-internal", "unused-suppression"]
    assert "is about 7025/tcp too, so it is not ignored" in report.findings[-1].message


def test_a_hole_of_both_families_is_ignored_as_it_is_told() -> None:
    """It is told in rules.v4; who names that file has accepted it, and who names both has not named one in vain."""
    files = {"rules.v4": BAD_V4, "rules.v6": BAD_V6}
    for path in ("rules.v4", "rules.v6"):
        report = lint_files(files, SITE % (path, ""))
        assert (ids(report), len(report.suppressed)) == ([], 1)
    site = SITE % ("rules.v4", "")
    assert ids(lint_files(files, site + site.replace("ignore:\n", "").replace("v4", "v6"))) == []


@pytest.mark.parametrize("reason", ["", ", reason: ''", ", reason: '  '", ", reason: null", ", reason: "])
def test_an_entry_without_a_reason_does_not_count_and_is_told(reason: str) -> None:
    site = SITE.replace(", reason: the VPN filters", "") % ("rules.v4", reason)
    report = lint_files({"rules.v4": BAD_V4, "rules.v6": GOOD_V6}, site)
    assert ids(report) == ["admin-console-exposed", "unused-suppression"]
    assert report.suppressed == ()
    told = report.findings[-1]
    assert (told.span.source.name, told.span.line) == (".zimlint.yaml", 2)
    assert told.message == "the suppression of admin-console-exposed gives no reason, so it does not count"


def test_what_is_wrong_with_a_suppression_can_be_accepted() -> None:
    files = {"rules.v4": GOOD_V4.replace(MAIL, f"# zimlint: allow memcached-exposed: soon\n{MAIL}")}
    site = "ignore:\n- {check: unused-suppression, path: rules.v4, reason: it comes with the next release}\n"
    assert ids(lint_files({**files, "rules.v6": GOOD_V6})) == ["unused-suppression"]
    report = lint_files({**files, "rules.v6": GOOD_V6}, site)
    assert ids(report) == []
    assert [one.finding.check for one in report.suppressed] == ["unused-suppression"]


def test_an_entry_for_what_a_comment_suppresses_is_told() -> None:
    report = lint_files({"rules.v4": above(ALLOW), "rules.v6": GOOD_V6}, SITE % ("rules.v4", ""))
    assert ids(report) == ["unused-suppression"]
    assert "is suppressed already" in report.findings[-1].message


def test_what_was_not_wholly_read_is_not_called_unused(tmp_path: Path) -> None:
    """A hook hands over single files; what the rest of the host would show, nobody knows."""
    (tmp_path / "mail1").mkdir()
    (tmp_path / "mail1" / "rules.v4").write_text(GOOD_V4)
    (tmp_path / ".zimlint.yaml").write_text(SITE % ("mail2", "") + "severity: {ssh-locked-out: off}\n")
    assert run_zimlint("--format", "json", "mail1/rules.v4", cwd=tmp_path).checks() == []
    assert run_zimlint("--format", "json", "mail1", cwd=tmp_path).checks() == []
    assert run_zimlint("--format", "json", ".", cwd=tmp_path).checks() == ["unused-suppression"]


def test_checks_that_did_not_run_are_not_called_unused() -> None:
    report = lint_files({"rules.v4": above(ALLOW.replace("admin-console-exposed", "cleartext-login"), BAD_V4)})
    assert ids(report) == ["admin-console-exposed"]


def test_the_reports_count_and_list_them(tmp_path: Path) -> None:
    (tmp_path / "rules.v4").write_text(above(ALLOW))
    assert "1 suppressed" in run_zimlint("rules.v4", cwd=tmp_path).err
    found = json.loads(run_zimlint("--format", "json", "rules.v4", cwd=tmp_path).out)
    assert found["summary"]["suppressed"] == 1
    (one,) = found["suppressed"]
    assert (one["check"], one["reason"]) == ("admin-console-exposed", "the VPN filters")
    assert one["suppressed_by"] == {"file": "rules.v4", "line": 9}


def test_a_comment_of_a_profile_and_of_a_setting() -> None:
    profile = "[Zimbra]\ntitle=Zimbra\ndescription=mail\n; zimlint: allow profile-opens-internal: only with from\n"
    report = lint_files({"applications.d/zimbra": f"{profile}ports=25,443,465,587,7071/tcp\n"})
    assert [one.finding.check for one in report.suppressed] == ["profile-opens-internal"]
    setting = '# zimlint: allow default-accept: a router filters\nDEFAULT_INPUT_POLICY="ACCEPT"\n'
    report = lint_files(
        {"default/ufw": f'IPV6=yes\n{setting}DEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="DROP"\n'}
    )
    assert [one.finding.check for one in report.suppressed] == ["default-accept"]


def test_the_comment_of_a_ufw_rule_in_its_status() -> None:
    comment = "# zimlint: allow admin-console-exposed the VPN filters\n"
    rows = f"7071/tcp    ALLOW IN    Anywhere    {comment}7071/tcp (v6)    ALLOW IN    Anywhere (v6)    {comment}"
    report = lint_files({"ufw-status.txt": STATUS + rows})
    assert "admin-console-exposed" not in ids(report)
    assert len(report.suppressed) == 1


def test_a_comment_in_vain_is_told_once_for_all_views() -> None:
    comment = "# zimlint: allow admin-console-exposed the VPN filters\n"
    rows = f"993/tcp    ALLOW IN    Anywhere    {comment}993/tcp (v6)    ALLOW IN    Anywhere (v6)    {comment}"
    report = lint_files({"ufw-status.txt": STATUS + rows})
    assert ids(report) == ["unused-suppression"]
    assert len(next(f for f in report.findings if f.check == "unused-suppression").related) == 1


@pytest.mark.parametrize("before", ["", "Added user rules (see 'ufw status' for running firewall):\n", "#!/bin/sh\n"])
def test_the_comment_of_a_ufw_command(before: str) -> None:
    """As `ufw show added` prints it and as scripts hold it."""
    command = "ufw allow 7071/tcp comment 'zimlint: allow admin-console-exposed the VPN filters'\n"
    report = lint_files({"added.txt": before + command + "ufw allow 25/tcp\n"})
    assert ids(report) == []
    assert len(report.suppressed) == 1
    void = lint_files({"added.txt": before + command.replace(" the VPN filters", "")})
    assert ids(void) == ["admin-console-exposed", "unused-suppression"]


def test_the_comment_of_an_iptables_command() -> None:
    command = '--comment "zimlint: allow admin-console-exposed the VPN filters"'
    report = lint_files({"fw.sh": f"#!/bin/sh\niptables {ADMIN.strip()} -m comment {command}\n"})
    assert ids(report) == []
    assert len(report.suppressed) == 1
