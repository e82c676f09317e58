"""SARIF, valid by the published schema.

``sarif-schema-2.1.0.json`` is the schema of OASIS (SARIF 2.1.0, errata 01), Copyright OASIS Open, unchanged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft4Validator

from tests.cli.inputs import bad_host
from tests.helpers import run_zimlint
from tests.reporters.hostile import NASTY, WORDS, hostile
from tests.reporters.test_text import FINDING, SOURCE, report
from zimlint.checks import load_checks
from zimlint.finding import Note, Report, Severity, Unread
from zimlint.reporters import Style, reporter
from zimlint.source import Source, Span

SCHEMA = Draft4Validator(json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")))


def run_of(given: Report) -> dict[str, list[dict[str, Any]]]:
    log = json.loads(reporter("sarif")(given, Style()).findings)
    SCHEMA.validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def result_of(given: Report) -> str:
    """One result as JSON, to look into."""
    return json.dumps(run_of(given)["results"][0])


def test_fixtures_are_valid_and_every_result_has_a_place() -> None:
    run = run_zimlint("hosts", "checks/internal-port-exposed", "checks/not-loaded", "--format", "sarif")
    log = json.loads(run.out)
    SCHEMA.validate(log)
    results = log["runs"][0]["results"]
    assert len(results) > 15
    for result in results:
        for place in (*result["locations"], *result.get("relatedLocations", ())):
            region = place["physicalLocation"]["region"]
            assert region["startLine"] >= 1
            assert (region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"])
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    assert len(set(hashes)) == len(hashes)


def test_every_check_that_was_asked_is_a_rule() -> None:
    log = json.loads(run_zimlint("hosts/single-correct", "--format", "sarif").out)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    asked = {name for name, check in load_checks().items() if check.severity != "off"}
    assert {rule["id"] for rule in rules} == asked
    for rule in rules:
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
            assert 0 < len(text) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert "{" not in rule["help"]["text"]


def test_the_packets_path_is_a_code_flow_and_related_places_are_there() -> None:
    finding = FINDING._replace(related=((Span(SOURCE, 3), "the same over IPv6"),))
    (result,) = run_of(report(finding))["results"]
    (flow,) = result["codeFlows"]
    assert flow["message"] == {"text": "tcp 203.0.113.9 -> :7071, new, on eth0"}
    (step,) = flow["threadFlows"][0]["locations"]
    assert step["location"]["message"] == {"text": "INPUT: ACCEPT"}
    assert step["location"]["physicalLocation"]["region"]["startLine"] == 14
    (related,) = result["relatedLocations"]
    assert (related["id"], related["message"]) == (1, {"text": "the same over IPv6"})


@pytest.mark.parametrize(
    ("name", "uri", "based"),
    [
        ("mail1/rules.v4", "mail1/rules.v4", True),
        ("./mail1/../b:c d%#?.v4", "b%3Ac%20d%25%23%3F.v4", True),
        ("/srv/repo/caf\udce9é.v4", "caf%E9%C3%A9.v4", True),
        ("/etc/ufw/user.rules", "file:///etc/ufw/user.rules", False),
        ("../elsewhere", "file:///srv/elsewhere", False),
    ],
)
def test_uris_are_relative_to_the_run_and_percent_encoded(name: str, uri: str, based: bool) -> None:
    given = report(FINDING._replace(span=Span(Source(name, "x"), 1)))._replace(base="/srv/repo")
    found = json.loads(result_of(given))["locations"][0]["physicalLocation"]["artifactLocation"]
    assert found == ({"uri": uri, "uriBaseId": "%SRCROOT%"} if based else {"uri": uri})


@pytest.mark.parametrize("word", [*WORDS, NASTY])
def test_hostile_words_stay_words(word: str) -> None:
    given = hostile(word)
    found = json.loads(result_of(given))
    assert "](" not in found["message"]["text"].replace("\\](", "")
    uri = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    if not word.startswith("../") and "//" not in word and "</" not in word and word != NASTY:
        assert unquote_to_bytes(uri) == f"mail1/{word}".encode("utf-8", "surrogateescape")


def test_what_was_not_read_is_told_and_the_run_no_success() -> None:
    given = report(unread=(Unread("x y", "empty"),), notes=(Note("partial-view", "mail1", "no IPv6"),))
    run = run_of(given._replace(status=2))
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert [(said["level"], said["message"]["text"]) for said in invocation["toolExecutionNotifications"]] == [
        ("error", "not read: empty"),
        ("note", "mail1: no IPv6"),
    ]
    assert run["results"] == []


def test_the_gravest_are_kept_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zimlint.reporters.sarif._MOST_RESULTS", 3)
    minor = FINDING._replace(severity=Severity.INFO)
    run = run_of(report(*[minor] * 3, FINDING))
    assert [result["level"] for result in run["results"]] == ["note", "note", "error"]
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("1 finding of lower severity is left out")


def test_what_is_accepted_is_there_where_it_is_asked_for(tmp_path: Path) -> None:
    """Suppressed in a file and in the site file, known from a baseline, and new; the exit status is that of the new."""
    bad_host(tmp_path / "mail1")
    bad_host(tmp_path / "mail2")
    bad_host(tmp_path / "mail3")
    rules = tmp_path / "mail1" / "rules.v4"
    line = next(line for line in rules.read_text().splitlines() if "7071" in line)
    rules.write_text(rules.read_text().replace(line, f"# zimlint: allow admin-console-exposed: the VPN\n{line}"))
    ignored = "ignore: [{check: admin-console-exposed, path: mail2/**, reason: a laboratory}]\n"
    (tmp_path / ".zimlint.yaml").write_text(ignored)
    run_zimlint("baseline", "mail1", "mail2", "mail3", "--output", "known.json", cwd=tmp_path)
    bad_host(tmp_path / "mail4")
    words = ["mail1", "mail2", "mail3", "mail4", "--baseline", "known.json", "--format", "sarif"]
    plain, shown = (run_zimlint(*words, *more, cwd=tmp_path) for more in ([], ["--show-accepted"]))
    assert plain.status == shown.status == 1
    logs = [json.loads(run.out)["runs"][0]["results"] for run in (plain, shown)]
    for run in (plain, shown):
        SCHEMA.validate(json.loads(run.out))
    assert logs[1][: len(logs[0])] == logs[0]
    assert {one["baselineState"] for one in logs[0]} == {"new"}
    assert not any("suppressions" in one for one in logs[0])
    said = {
        (one["properties"]["host"], one["baselineState"], each["kind"], each["justification"])
        for one in logs[1]
        for each in one.get("suppressions", ())
        if one["ruleId"] == "admin-console-exposed"
    }
    assert said == {
        ("mail1", "new", "inSource", "the VPN"),
        ("mail2", "new", "external", "a laboratory"),
        ("mail3", "unchanged", "external", "in the baseline"),
    }
    (place,) = [
        each["location"] for one in logs[1] for each in one.get("suppressions", ()) if each["kind"] == "inSource"
    ]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "mail1/rules.v4"
    hashes = [one["partialFingerprints"]["zimlint/v1"] for one in logs[1]]
    assert len(set(hashes)) == len(hashes)
    fleet = run_zimlint(*words, "--show-accepted", "--jobs", "2", cwd=tmp_path)
    assert fleet.out == shown.out
