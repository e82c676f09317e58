"""The html report: closed in itself, well-formed, and nothing of the input is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.inputs import bad_host
from tests.helpers import run_zimlint
from tests.reporters.hostile import NASTY, WORDS, hostile
from tests.wellformed import faults
from zimlint.reporters import Style, reporter


class Page(HTMLParser):
    """Counts elements, keeps attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def said(word: str = NASTY) -> str:
    return reporter("html")(hostile(word), Style()).findings


@pytest.mark.parametrize("word", [*WORDS, NASTY])
def test_no_word_of_the_input_becomes_an_element(word: str) -> None:
    assert faults("html", said(word), "") == []
    page, plain = (re.sub(r'(?s)<p class="fix">.*?</p>', _without_code, said(one)) for one in (word, "x"))
    assert [tag for tag, _ in Page(page).elements] == [tag for tag, _ in Page(plain).elements]


def _without_code(fix: re.Match[str]) -> str:
    return re.sub("</?code>", "", fix[0])


def test_backticks_of_a_fix_become_code() -> None:
    fixes = re.findall(r'(?s)<p class="fix">.*?</p>', said("`ufw <b>&`, then `x"))
    assert '<p class="fix"><b>fix </b>see <code>ufw &lt;b&gt;&amp;</code>, then `x</p>' in fixes


def test_markup_of_the_input_is_shown_as_it_was() -> None:
    assert "chain '<b>&amp;' (possible)" in "".join(Page(said("<b>&amp;")).words)


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    bad_host(tmp_path / "mail1")
    run = run_zimlint("--format", "html", "mail1", cwd=tmp_path)
    assert run.status == 1
    assert faults("html", run.out, run.err) == []
    page = Page(run.out)
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "object", "embed", "base"), tag
        assert not {"src", "srcset", "style", "action", "ping"} & set(attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:"))
    style = re.findall(r"(?s)<style>(.*?)</style>", run.out)
    assert not re.search(r"url\(|@import|https?:", style[0])
    policies = [each["content"] or "" for tag, each in page.elements if each.get("http-equiv")]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'")
    assert "unsafe" not in policies[0]


def test_the_map_has_a_button_for_each_cell_and_a_panel_for_each_button(tmp_path: Path) -> None:
    bad_host(tmp_path / "mail1")
    page = Page(run_zimlint("--format", "html", "mail1", cwd=tmp_path).out)
    opened = {each["popovertarget"] for _, each in page.elements if each.get("popovertarget")}
    ids = [each["id"] for _, each in page.elements if each.get("id")]
    assert opened
    assert opened <= set(ids)
    assert len(ids) == len(set(ids))
    labels = [each.get("aria-label") or "" for tag, each in page.elements if tag == "button"]
    assert any(label.startswith("7071/tcp from public over IPv4 and IPv6: open, against practice") for label in labels)
    assert "svg" in {tag for tag, _ in page.elements}


def test_ways_that_cells_share_stand_once() -> None:
    out = run_zimlint("--format", "html", "hosts/article-mended").out
    assert len(out) < 400_000
    page = Page(out)
    cells = [each for _, each in page.elements if (each.get("class") or "").startswith("cell ")]
    ways = {each["id"] for _, each in page.elements if each.get("class") == "panel way"}
    assert ways == {each["popovertarget"] for _, each in page.elements if each.get("class") == "more"}
    assert len(cells) > 10 * len(ways)


def test_hostile_names_stay_text_in_the_map(tmp_path: Path) -> None:
    bad_host(tmp_path / "<script>alert(1)<")
    out = run_zimlint("--format", "html", "<script>alert(1)<", cwd=tmp_path).out
    assert faults("html", out, "") == []
    assert [tag for tag, _ in Page(out).elements].count("script") == 1


def test_other_formats_make_no_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad_host(tmp_path / "mail1")
    monkeypatch.setattr("zimlint.survey.survey", None)
    assert run_zimlint("--format", "json", "mail1", cwd=tmp_path).status == 1
