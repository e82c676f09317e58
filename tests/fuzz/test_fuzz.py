"""Some hundreds of inputs of a fixed seed in the ordinary run; ``ZIMLINT_FUZZ`` multiplies them."""

from __future__ import annotations

import os

import pytest

from tests.figures import count
from tests.fuzz.campaign import campaign
from tests.fuzz.entries import entries

EXECUTIONS = 70 * int(os.environ.get("ZIMLINT_FUZZ", "1"))
"""For each entry; all together they take some twenty seconds."""


@pytest.mark.parametrize("entry", entries())
def test_every_input_ends_with_a_status(entry: str) -> None:
    """In time and memory, with 0, 1 or 2, and what is printed is what the format promises."""
    result = campaign(entry, seed=1, executions=EXECUTIONS)
    count("fuzz executions", result.executions)
    assert result.failures == (), "\n".join(map(str, result.failures))


def test_every_entry_has_seeds() -> None:
    """A format without a fixture would be fuzzed with noise alone."""
    assert [name for name, entry in entries().items() if not entry.material.seeds] == []
