"""The host in a namespace that the kernel tests share, ruled by either variant of iptables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from tests.kernel.namespace import Lab, Variant, laboratory, missing, works


@cache
def _objection(variant: Variant) -> str | None:
    problem = missing()
    if problem is None and not works(variant):
        return f"iptables-{variant} does not work here"
    return problem


@pytest.fixture(scope="session", params=["nft", "legacy"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A host in a namespace, and its peer."""
    variant: Variant = "legacy" if request.param == "legacy" else "nft"
    problem = _objection(variant)
    if problem is not None:
        pytest.skip(f"real iptables: {problem}")
    with laboratory(variant) as made:
        yield made
