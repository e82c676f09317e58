"""What a ruleset does with packets: every packet at once (``decide``) or one at a time (``replay``)."""
