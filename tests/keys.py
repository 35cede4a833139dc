"""The keys of every log of the tests, in all their processes."""

from worker.record.keys import Keys

KEYS = Keys("log.example.com/tests", bytes(range(32)), bytes(range(32, 64)))
