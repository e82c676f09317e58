"""What the command says of a site file beside its findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.inputs import good_host
from zimlint.cli import main


def test_a_host_of_the_site_file_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That its place holds nothing only where it was read as a whole; a hook hands over single files."""
    good_host(tmp_path / "hosts" / "mail1")
    (tmp_path / ".zimlint.yaml").write_text("hosts: {mail1: {path: hosts/mial1}, mail2: {}}\n")
    monkeypatch.chdir(tmp_path)
    told = "zimlint: .zimlint.yaml: hosts: mail1: nothing that is linted lies in 'hosts/mial1'\n"
    for paths, said in ((["."], True), (["hosts"], True), (["hosts/mail1"], False), (["hosts/mail1/rules.v4"], False)):
        main(paths)
        err = capsys.readouterr().err
        assert (told in err) is said, paths
        assert ("hosts: there is no 'hosts/mial1'" in err) is not said, paths
    (tmp_path / ".zimlint.yaml").write_text("hosts: {mail1: {path: hosts/mail1}}\n")
    main(["."])
    assert "nothing that is linted" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ("hosts: {mail1: {path: hosts/mail1}, mail2: {path: hosts/mail2}}", None),
        ("hosts: {mail1: {path: hosts/mial1}, mail2: {path: mail2}}",
         ".zimlint.yaml: hosts: there is no 'hosts/mial1', 'mail2', seen from the folder of this file"),
        (f"hosts: {{{', '.join(f'm{n}: {{path: m{n}}}' for n in range(7))}}}",
         "there is no 'm0', 'm1', 'm2', 'm3', 'm4' and 2 more, seen"),
        ("ignore: [{check: ssh-exposed, path: hosts/mail2/**, reason: why}]", None),
        ("ignore: [{check: ssh-exposed, path: '**/rules.v6', reason: why}]", None),
        ("ignore: [{check: ssh-exposed, path: mail1, reason: why}]",
         ".zimlint.yaml:1: ignore: there is no 'mail1', seen from the folder of this file"),
        ("ignore: [{check: ssh-exposed, path: 'mail1/*.v4', reason: why}]", "ignore: there is no 'mail1/*.v4'"),
    ],
)  # fmt: skip
def test_a_path_that_leads_nowhere_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], site: str, told: str | None
) -> None:
    """Whatever a hook hands over: a path of a site file is told from the folder of the site file."""
    for name in ("mail1", "mail2"):
        good_host(tmp_path / "hosts" / name)
    (tmp_path / ".zimlint.yaml").write_text(f"{site}\n")
    monkeypatch.chdir(tmp_path)
    for path in ("hosts/mail1/rules.v4", "hosts/mail1"):
        assert main([path]) == 0
        err = capsys.readouterr().err
        assert ("there is no" in err) is (told is not None)
        assert told is None or told in err
