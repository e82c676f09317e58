"""What a whole run says of small texts, beyond what the fixtures show."""

from __future__ import annotations

import pytest

from tests.helpers import lint_files, lint_text
from zimlint.finding import Report
from zimlint.semantics import decide

CLOSED = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m multiport --dports 25,443 -j ACCEPT
-A INPUT -s 192.168.1.0/24 -p tcp --dport 22 -j ACCEPT
{lines}COMMIT
"""
STATUS = """Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
25,443/tcp                 ALLOW IN    Anywhere
{rows}"""


def ids(report: Report) -> list[str]:
    return [finding.check for finding in report.findings]


def test_a_profile_that_the_status_does_not_show_is_said_and_not_guessed() -> None:
    report = lint_text(STATUS.format(rows="Zimbra                     ALLOW IN    Anywhere\n"), name="ufw-status.txt")
    assert ids(report) == []
    assert any("the ports of profile 'Zimbra'" in note.message for note in report.notes)


def test_a_service_that_an_unknown_profile_may_open_is_not_called_shut() -> None:
    rows = STATUS.replace("25,443/tcp                 ALLOW IN    Anywhere\n", "")
    report = lint_text(rows.format(rows="Mail                       ALLOW IN    Anywhere\n"), name="ufw-status.txt")
    assert ids(report) == []


def test_a_row_without_protocol_is_one_finding_with_both_ports() -> None:
    report = lint_text(STATUS.format(rows="11211                      ALLOW IN    Anywhere\n"), name="ufw-status.txt")
    assert [(finding.check, finding.ports) for finding in report.findings if finding.check != "ssh-locked-out"] == [
        ("memcached-exposed", ("11211/tcp", "11211/udp"))
    ]


def test_the_line_that_leads_into_an_accepting_chain_is_the_fault() -> None:
    """The jump decides who gets in; the chain behind it accepts all that it is given."""
    jump = "-A INPUT -p tcp --dport 7071 -j LOGGED\n-A LOGGED -j LOG\n-A LOGGED -j ACCEPT\n"
    report = lint_text(CLOSED.format(lines=jump).replace(":OUTPUT", ":LOGGED - [0:0]\n:OUTPUT"))
    (finding,) = report.findings
    assert finding.check == "admin-console-exposed"
    assert finding.span.source.line(finding.span.line) == "-A INPUT -p tcp --dport 7071 -j LOGGED"


def test_a_certain_line_is_named_before_one_that_only_may_accept() -> None:
    lines = '-A INPUT -m string --string "x" --algo bm -j ACCEPT\n-A INPUT -p tcp --dport 389 -j ACCEPT\n'
    found = {f.check: f for f in lint_text(CLOSED.format(lines=lines)).findings}
    ldap = found["internal-port-exposed"]
    assert ldap.certainty == "certain"
    assert ldap.evidence is not None
    assert ldap.evidence.path[-1].span == ldap.span


def test_past_its_effort_zimlint_says_so_and_still_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "MAX_EFFORT", 0)
    report = lint_text(CLOSED.format(lines="-A INPUT -p tcp --dport 7071 -j ACCEPT\n"))
    assert "admin-console-exposed" in ids(report)
    assert any("too many kinds" in note.message for note in report.notes)


@pytest.mark.parametrize(("front", "ids_wanted"), [("443", []), ("993", ["published-port-bypasses-input"])])
def test_nat_to_a_backend_is_judged_by_the_pair_of_ports(front: str, ids_wanted: list[str]) -> None:
    """443 stands for 8443 on a mailbox node; 993 for 8443 is a mistake."""
    dnat = f"-A PREROUTING -p tcp --dport {front} -j DNAT --to-destination 10.0.0.5:8443\n"
    nat = f"*nat\n:PREROUTING ACCEPT [0:0]\n{dnat}COMMIT\n"
    forward = "-A FORWARD -d 10.0.0.5 -p tcp --dport 8443 -j ACCEPT\n"
    assert ids(lint_text(nat + CLOSED.format(lines=forward))) == ids_wanted


def test_a_set_that_is_not_given_is_named_with_what_would_settle_it() -> None:
    lines = "-A INPUT -p tcp -m set --match-set mailports dst -j ACCEPT\n"
    (finding,) = lint_text(CLOSED.format(lines=lines)).findings
    assert (finding.check, finding.certainty) == ("accepts-everything", "possible")
    assert "the set mailports (give `ipset save` beside the dump)" in finding.message


def test_lines_without_a_target_are_counted_no_further_than_they_were_looked_at() -> None:
    counting = "".join(f"-A INPUT -s 10.0.0.{number}/32\n" for number in range(150))
    (finding,) = lint_text(CLOSED.format(lines=counting)).findings
    assert finding.check == "rule-without-target"
    assert finding.message.endswith("and so at least 99 more of chain INPUT")


def test_what_only_may_get_in_is_told_also_where_the_packet_that_stands_for_it_does_not() -> None:
    """A mark that depends on the destination: over all destinations it may be either, for each of them it is not."""
    marks = "-A INPUT -d 192.0.2.1 -j MARK --set-mark 2\n"
    marks += "-A INPUT ! -d 192.0.2.1 -m geoip --source-country DE -j MARK --set-mark 1\n"
    line = "-A INPUT -p tcp --dport 7071 -m mark --mark 0 -m mark ! --mark 0 -j ACCEPT\n"
    report = lint_text(f"*filter\n:INPUT DROP [0:0]\n{marks}{line}COMMIT\n")
    (finding,) = [one for one in report.findings if one.check == "admin-console-exposed"]
    assert finding.certainty == "possible"
    assert finding.evidence is not None
    assert finding.evidence.path == ()
    assert finding.evidence.depends_on == "more kinds of packets than were told apart"


def test_show_added_beside_a_status_is_said_to_be_left_aside() -> None:
    added = "Added user rules (see 'ufw status' for running firewall):\nufw allow 7071/tcp\n"
    rows = "".join(f"{port + '/tcp':<27}ALLOW IN    Anywhere\n" for port in ("22", "25", "80", "443"))
    status = f"Status: active\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n\n{rows}"
    report = lint_files({"added.txt": added, "status.txt": status})
    assert "admin-console-exposed" not in [one.check for one in report.findings]
    (note,) = [one.message for one in report.notes if "show added" in one.message]
    assert note.startswith("added.txt is not judged: 'ufw status'")
    alone = lint_files({"added.txt": added})
    assert "admin-console-exposed" in [one.check for one in alone.findings]
    assert not [one for one in alone.notes if "show added" in one.message]
    assert "what was given does not show the default" in " ".join(one.message for one in alone.notes)
