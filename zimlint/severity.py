"""How bad a finding is.

Invariant: an order and its words, nothing that is found.
"""

from enum import IntEnum


class Severity(IntEnum):
    """How bad; a greater number is worse."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The name in reports and in the site file."""
        return self.name.lower()
