"""What the command says of a site file beside its findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.inputs import good_host
from zimlint.cli import main


def test_a_host_of_the_site_file_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where its place was read as a whole; a hook hands over single files."""
    good_host(tmp_path / "hosts" / "mail1")
    (tmp_path / ".zimlint.yaml").write_text("hosts: {mail1: {path: hosts/mial1}, mail2: {}}\n")
    monkeypatch.chdir(tmp_path)
    told = "zimlint: .zimlint.yaml: hosts: mail1: nothing that is linted lies in 'hosts/mial1'\n"
    for paths, said in ((["."], True), (["hosts"], True), (["hosts/mail1"], False), (["hosts/mail1/rules.v4"], False)):
        main(paths)
        assert (told in capsys.readouterr().err) is said, paths
    (tmp_path / ".zimlint.yaml").write_text("hosts: {mail1: {path: hosts/mail1}}\n")
    main(["."])
    assert "nothing that is linted" not in capsys.readouterr().err
