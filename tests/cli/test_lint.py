"""``zimlint PATH...`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.inputs import ADMIN, BAD_V4, GOOD_V4, GOOD_V6, PROFILE, STATUS, bad_host, good_host
from zimlint.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(capsys: Capture, *words: str) -> list[dict[str, object]]:
    main([*words, "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert isinstance(found, list)
    return found


def checks(capsys: Capture, *words: str) -> list[object]:
    return [finding["check"] for finding in findings(capsys, *words)]


def test_a_correct_host_prints_its_summary_only(here: Path, capsys: Capture) -> None:
    good_host(here / "mail1")
    assert main(["mail1"]) == 0
    assert capsys.readouterr() == ("", "1 host, 2 files: no findings\n")
    assert main(["mail1", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_findings_go_to_standard_output_and_the_rest_to_standard_error(here: Path, capsys: Capture) -> None:
    bad_host(here / "mail1")
    assert main(["mail1"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("error[admin-console-exposed]: ")
    assert "  --> mail1/rules.v4:9:1\n" in said.out
    assert " 9 | " + ADMIN in said.out
    assert "   = packet  tcp 203.0.113.9 -> :7071, new, on eth0\n" in said.out
    assert "   = path    INPUT lines 5-8 no match, line 9 ACCEPT\n" in said.out
    assert said.err == "1 host, 2 files: 1 error\n"


def test_json_has_the_whole_report_and_the_same_status(here: Path, capsys: Capture) -> None:
    bad_host(here / "mail1")
    assert main(["mail1", "missing", "--format", "json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["summary"] == {"hosts": 1, "files": 2, "error": 1, "warning": 0, "info": 0}
    assert report["unread"] == [{"file": "missing", "reason": "no such file or directory"}]
    assert report["findings"][0]["host"] == "mail1"
    assert report["findings"][0]["families"] == ["ipv4", "ipv6"]


def test_paths_are_printed_as_they_were_named(here: Path, capsys: Capture) -> None:
    bad_host(here / "hosts" / "mail1")
    for named, folder in (("hosts/", "hosts"), (".", "hosts"), ("./hosts", "./hosts"), (str(here), f"{here}/hosts")):
        assert findings(capsys, named)[0]["file"] == f"{folder}/mail1/rules.v4"


def test_a_folder_of_hosts(here: Path, capsys: Capture) -> None:
    good_host(here / "hosts" / "mail1")
    bad_host(here / "hosts" / "mail2" / "etc" / "iptables")
    assert main(["hosts"]) == 1
    assert capsys.readouterr().err == "2 hosts, 4 files: 1 error\n"
    assert findings(capsys, "hosts")[0]["host"] == "mail2"


def test_files_of_one_folder_on_one_command_line_are_one_host(here: Path, capsys: Capture) -> None:
    good_host(here / "mail1")
    assert main(["mail1/rules.v6", "mail1/rules.v4"]) == 0
    assert capsys.readouterr().err == "1 host, 2 files: no findings\n"


def test_standard_input(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "text").write_text(BAD_V4)
    with (here / "text").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert main(["-", "--select", "admin-console-exposed"]) == 1
    assert " --> -:9:1\n" in capsys.readouterr().out


def test_type_overrides_what_a_file_looks_like(here: Path, capsys: Capture) -> None:
    (here / "x").write_text("# nothing\n")
    assert main(["x"]) == 2
    main(["x", "--type", "iptables-save", "--select", "firewall-disabled"])
    assert "not an iptables-save" not in capsys.readouterr().err.splitlines()[-1]


def test_threshold_from_the_option_and_from_the_site_file(here: Path, capsys: Capture) -> None:
    mail = bad_host(here / "mail1")
    assert main(["mail1", "--fail-on", "error"]) == 1
    (mail / ".zimlint.yaml").write_text("severity: {admin-console-exposed: warning}\nfail_on: error\n")
    assert main(["mail1"]) == 0
    assert main(["mail1", "--fail-on", "info"]) == 1
    capsys.readouterr()


def test_the_nearest_site_file_upward_counts_for_each_path(here: Path, capsys: Capture) -> None:
    bad_host(here / "a" / "mail1")
    bad_host(here / "b" / "mail2")
    (here / ".zimlint.yaml").write_text("severity: {admin-console-exposed: info}\n")
    (here / "b" / ".zimlint.yaml").write_text("severity: {admin-console-exposed: off}\n")
    assert [finding["severity"] for finding in findings(capsys, "a/mail1", "b/mail2/rules.v4", "b")] == ["info"]
    assert [finding["severity"] for finding in findings(capsys, "a", "b", "--config", "b/.zimlint.yaml")] == []


def test_a_bad_site_file_is_one_line_with_its_place(here: Path, capsys: Capture) -> None:
    good_host(here / "mail1")
    (here / ".zimlint.yaml").write_text("networks:\n  admin: [198.51.100.0/99]\n")
    assert main(["mail1"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("zimlint: .zimlint.yaml:2:11: ")
    assert main(["mail1", "--config", "missing.yaml"]) == 2
    assert capsys.readouterr().err == "zimlint: missing.yaml: no such file or directory\n"


def test_select_and_ignore(here: Path, capsys: Capture) -> None:
    bad_host(here / "mail1")
    assert checks(capsys, "mail1", "--select", "memcached-exposed,admin-console-exposed") == ["admin-console-exposed"]
    assert checks(capsys, "mail1", "--ignore", "admin-console-exposed", "--ignore", "partial-view") == []
    assert main(["mail1", "--select", "admin-console-expsed"]) == 2
    assert "no check is called 'admin-console-expsed', did you mean 'admin-console-exposed'?" in capsys.readouterr().err


def test_status_and_profiles_of_one_host(here: Path, capsys: Capture) -> None:
    (here / "m" / "applications.d").mkdir(parents=True)
    (here / "m" / "ufw-status.txt").write_text(STATUS)
    (here / "m" / "applications.d" / "zimbra").write_text(PROFILE)
    (here / "m" / "applications.d" / "zimbra.dpkg-old").write_text("[broken\n")
    assert main(["m"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "note[partial-view]: m: " in said.err
    assert said.err.endswith("1 host, 2 files: no findings\n")


def test_a_family_that_was_not_given_is_a_note(here: Path, capsys: Capture) -> None:
    (here / "rules.v4").write_text(GOOD_V4)
    assert main(["rules.v4"]) == 0
    assert "note[partial-view]" in capsys.readouterr().err


def test_a_line_that_is_not_understood_is_counted(here: Path, capsys: Capture) -> None:
    mail = good_host(here / "mail1")
    (mail / "rules.v4").write_text(GOOD_V4.replace("COMMIT", "-A INPUT --nonsense\nCOMMIT"))
    assert main(["mail1"]) == 1
    assert "; 1 line not understood in 1 file" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["etc/default/ufw", "etc/default-ufw", "etc/ufw/default-ufw", "elsewhere"])
def test_the_default_file_of_a_tree_is_found(place: str, here: Path, capsys: Capture) -> None:
    for name, text in tree().items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    (here / place).parent.mkdir(parents=True, exist_ok=True)
    (here / place).write_text(
        'IPV6=no\nDEFAULT_INPUT_POLICY="ACCEPT"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="DROP"\n'
    )
    option = ["--default-ufw", "elsewhere"] if place == "elsewhere" else []
    assert "ipv6-off" in checks(capsys, "etc/ufw", *option)
    main(["etc/ufw", *option, "--format", "json"])
    assert json.loads(capsys.readouterr().out)["summary"]["files"] == 4


def tree() -> dict[str, str]:
    before = (
        "*filter\n:ufw-before-input - [0:0]\n:ufw-before-output - [0:0]\n:ufw-before-forward - [0:0]\n"
        "-A ufw-before-input -i lo -j ACCEPT\n"
        "-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n"
    )
    user = "*filter\n:ufw-user-input - [0:0]\n:ufw-user-output - [0:0]\n:ufw-user-forward - [0:0]\n### RULES ###\n"
    return {
        "etc/ufw/before.rules": before,
        "etc/ufw/user.rules": f"{user}### END RULES ###\nCOMMIT\n",
        "etc/ufw/user.rules.20240101_101010": f"{user}-A ufw-user-input -j ACCEPT\nCOMMIT\n",
        "etc/ufw/ufw.conf": "ENABLED=yes\nLOGLEVEL=low\n",
    }


def test_a_tree_keeps_the_modes_of_its_files(here: Path) -> None:
    from zimlint.cli.reading import read_file
    from zimlint.source import Source

    (here / "rules.v6").write_text(GOOD_V6)
    (here / "rules.v6").chmod(0o602)
    source = read_file("rules.v6")
    assert isinstance(source, Source)
    assert source.mode == 0o602


def test_neighbouring_lines_are_one_finding_only_if_they_are_one_rule(here: Path, capsys: Capture) -> None:
    for source, count in (("198.51.100.7", 1), ("203.0.113.7", 2)):
        both = f"-A INPUT -s 198.51.100.7 -p tcp -j ACCEPT\n-A INPUT -s {source} -p udp -j ACCEPT\nCOMMIT\n"
        (here / "rules.v4").write_text(GOOD_V4.replace("COMMIT\n", both))
        assert checks(capsys, "rules.v4") == ["wide-open-source"] * count
