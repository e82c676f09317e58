"""Exit statuses, as README and the man page name them.

Invariant: numbers only.
"""

CLEAN, FINDINGS, UNUSABLE, OUR_BUG, INTERRUPTED = 0, 1, 2, 70, 130
"""Nothing at the threshold; findings; an input or the configuration is bad; a bug of ours (sysexits.h); Ctrl-C."""
