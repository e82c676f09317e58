"""Marks of the tests, what a skipped kernel test means, and the figures of a run.

Invariant: with ``ZIMLINT_REQUIRE_KERNEL=1`` no test under ``tests/kernel`` is skipped in silence: it fails.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.figures import figures

KERNEL = Path(__file__).parent / "kernel"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in ``tests/kernel`` is a kernel test."""
    for item in items:
        if KERNEL in item.path.parents:
            item.add_marker(pytest.mark.kernel)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a kernel test into a failure, where the kernel is required."""
    report = yield
    if report.skipped and _required(item.path):
        report.outcome = "failed"
        report.longrepr = f"a kernel test must not be skipped here: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if report.skipped and _required(collector.path):
        report.outcome = "failed"
        report.longrepr = f"kernel tests must not be skipped here: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was tested, where something was counted."""
    lines = list(figures())
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.line(line)


def _required(path: Path) -> bool:
    return os.environ.get("ZIMLINT_REQUIRE_KERNEL") == "1" and KERNEL in path.parents
