"""Fuzzing of the readers of what is uploaded: ``python -m tests.fuzz TARGET --runs N``.

Each target reads bytes in one way, beginning with archives of the corpus. Whatever they are, only
an inspection or a reading may come out, in bounded memory and time.
"""
