"""Fuzzing: whatever stands in an input, zimlint ends in time and memory, with exit status 0, 1 or 2.

``entries`` lists where input comes in, driven from zimlint's own tables, so that a new format or reporter is fuzzed
at once; ``mutate`` changes bytes, lines and words of real files; ``execute`` runs one input through the real
``main``; ``campaign`` runs many. The ordinary tests run some hundreds of a fixed seed. More, on demand:

    python -m tests.fuzz --minutes 10
    python -m tests.fuzz --minutes 10 --engine atheris     (pip install atheris)
    python -m tests.fuzz --entry packet-words FILE         one input again, with its traceback
"""
