"""The same firewall written in another way gets the same findings.

``rewrites`` says the ways, as data; ``lines`` cuts rule lines into the parts that a rewrite moves. The tests apply
each to every file of rules under ``fixtures`` and compare the reports, with every line mapped back to where it stood.
"""
