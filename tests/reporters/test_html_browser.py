"""The html report in real headless Chromium: no errors, no requests, and what can be pressed works."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from tests.cli.inputs import bad_host
from tests.helpers import run_zimlint

if os.environ.get("ZIMLINT_REQUIRE_KERNEL") != "1" and not (shutil.which("chromium") and shutil.which("chromedriver")):
    pytest.skip("chromium and chromedriver are not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """Chromium as Debian packages it; without it there is nothing to test, except where that must not be."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.fail("chromium and chromedriver are not installed")
    options = ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={profile}")
        options.add_argument("--window-size=1200,900")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        started = Chrome(options=options, service=Service(driver))
        try:
            yield started
        finally:
            started.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hosts with the admin console open to all."""
    folder = tmp_path_factory.mktemp("page")
    bad_host(folder / "mail1")
    bad_host(folder / "mail2")
    run_zimlint("--format", "html", "--output", "report.html", ".", cwd=folder)
    return folder / "report.html"


@pytest.fixture
def opened(browser: Chrome, page: Path) -> Chrome:
    """The page, freshly loaded."""
    browser.get("about:blank")
    _said(browser, "browser")
    _said(browser, "performance")
    browser.get(page.as_uri())
    return browser


def test_it_opens_without_a_word_on_the_console_and_asks_for_nothing(opened: Chrome) -> None:
    assert opened.title.startswith("zimlint: mail1")
    assert _said(opened, "browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in _said(opened, "performance")]
    asked = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []


def test_a_filter_leaves_what_it_names(opened: Chrome) -> None:
    findings = opened.find_elements(By.CSS_SELECTOR, ".finding")
    hosts = [finding.get_attribute("data-host") for finding in findings]
    assert set(hosts) == {"mail1", "mail2"}
    Select(opened.find_element(By.ID, "filter-host")).select_by_value("mail1")
    assert [finding.is_displayed() for finding in findings] == [host == "mail1" for host in hosts]
    count = f"{hosts.count('mail1')} of {len(hosts)} shown"
    assert opened.find_element(By.ID, "shown").text == count
    Select(opened.find_element(By.ID, "filter-severity")).select_by_value("info")
    assert not any(finding.is_displayed() for finding in findings if finding.get_attribute("data-severity") != "info")


def test_a_cell_opens_by_keyboard_and_closes_again(opened: Chrome) -> None:
    cell = opened.find_element(By.CSS_SELECTOR, ".cell.against.error")
    panel = opened.find_element(By.ID, cell.get_attribute("popovertarget") or "")
    assert not panel.is_displayed()
    opened.execute_script("arguments[0].focus()", cell)
    ActionChains(opened).send_keys(Keys.ENTER).perform()
    assert panel.is_displayed()
    assert "-> :7071" in panel.text
    assert "--dport 7071" in panel.find_element(By.CSS_SELECTOR, "mark").text
    assert panel.find_element(By.CSS_SELECTOR, "svg g.accept").is_displayed()
    ActionChains(opened).send_keys(Keys.ESCAPE).perform()
    assert not panel.is_displayed()
    assert opened.switch_to.active_element == cell


def test_the_first_key_leads_past_the_head(opened: Chrome) -> None:
    ActionChains(opened).send_keys(Keys.TAB).perform()
    assert opened.switch_to.active_element.get_attribute("class") == "skip"


def test_focus_goes_into_what_opens_and_is_seen(opened: Chrome) -> None:
    cell = opened.find_element(By.CSS_SELECTOR, ".cell")
    opened.execute_script("arguments[0].focus()", cell)
    ActionChains(opened).send_keys(Keys.ENTER).perform()
    focused = opened.switch_to.active_element
    assert focused.get_attribute("class") == "close"
    assert focused.value_of_css_property("outline-style") == "solid"


def test_every_cell_is_reached_by_the_tab_key_and_has_a_name(opened: Chrome) -> None:
    shown = [cell for cell in opened.find_elements(By.CSS_SELECTOR, ".cell") if cell.is_displayed()]
    opened.execute_script("document.querySelector('.scroll').focus()")
    met = []
    for _ in shown:
        ActionChains(opened).send_keys(Keys.TAB).perform()
        met.append(opened.switch_to.active_element)
        if len(met) == 12:
            break
    assert met == shown[: len(met)]
    for cell in met:
        assert cell.accessible_name.startswith(tuple("123456789"))
        assert " from " in cell.accessible_name


def test_without_scripts_a_cell_leads_to_the_way(opened: Chrome, page: Path) -> None:
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.get(page.as_uri())
        cell = opened.find_element(By.CSS_SELECTOR, ".cell.against.error")
        cell.send_keys(Keys.ENTER)
        panel = opened.find_element(By.ID, cell.get_dom_attribute("popovertarget") or "")
        more = panel.find_element(By.CSS_SELECTOR, ".more")
        assert panel.is_displayed()
        assert "open by mail1/rules.v4" in more.text
        more.send_keys(Keys.ENTER)
        way = opened.find_element(By.ID, more.get_dom_attribute("popovertarget") or "")
        assert way.is_displayed()
        assert panel.is_displayed()
        assert "--dport 7071" in way.find_element(By.CSS_SELECTOR, "mark").text
        ActionChains(opened).send_keys(Keys.ESCAPE).perform()
        assert not way.is_displayed()
        assert panel.is_displayed()
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_on_paper_the_ways_stand_behind_the_map(opened: Chrome) -> None:
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        ways = opened.find_elements(By.CSS_SELECTOR, ".way")
        assert ways
        assert all(way.is_displayed() for way in ways)
        assert not any(way.is_displayed() for way in opened.find_elements(By.CSS_SELECTOR, ".close, #filters"))
        assert not any(one.is_displayed() for one in opened.find_elements(By.CSS_SELECTOR, ".panel:not(.way)"))
    finally:
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("width", [320, 380, 760])
def test_nothing_is_wider_than_a_small_window(opened: Chrome, width: int) -> None:
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    wide = opened.execute_script("return document.documentElement.scrollWidth")
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= width


def test_a_long_name_is_broken_in_a_small_window(browser: Chrome, tmp_path: Path) -> None:
    """Of hosts in the map, the filters, findings, notes and what was not read."""
    for name in ("a" * 120, "b" * 120):
        bad_host(tmp_path / name)
        (tmp_path / name / "rules.v6").unlink()
        (tmp_path / name / "iptables.save").write_bytes(b"\0")
    assert run_zimlint("--format", "html", "--output", "report.html", ".", cwd=tmp_path).status == 2
    metrics = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.get((tmp_path / "report.html").as_uri())
        assert len(browser.find_elements(By.CSS_SELECTOR, ".remarks li")) >= 4
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _said(browser: Chrome, kind: str) -> list[dict[str, str]]:
    """What a log of the browser holds since it was last read."""
    entries: list[dict[str, str]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries
