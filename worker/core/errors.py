"""Every error that On Record raises on purpose, named by who has to act on it.

One base, so that a caller can catch all of ours and none of anybody else's. Each class's docstring is its default
message and ends with what to do. Adapters translate foreign exceptions into these, chained with ``from``. A message
may leave the process (a page, a log, a stored failure), so no transcript text, name or number is ever put into one.
"""

from __future__ import annotations


class CallError(Exception):
    """Something went wrong with this call. Look at the log of the worker that ran it."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    @property
    def message(self) -> str:
        """The one line that people are shown."""
        return str(self.args[0])


class BadRecording(CallError):
    """This file is not sound we can read. Nothing was changed. Send it again as WAV, FLAC, OGG, MP3 or M4A."""


class Unavailable(CallError):
    """Something this work needs cannot be reached now. It is tried again; if it stays so, look at the named part."""


class NotThereYet(Unavailable):
    """The recording is announced and cannot be had yet. It is asked for again; if it stays so, ask whoever sent it."""


class BrokenModel(CallError):
    """A model's weights or output are not what its catalogue entry promises. Run `onrecord models check`."""


class BrokenRecord(CallError):
    """What is stored for this call does not hold together. Stop writing to it and restore it from a copy."""


class NotFound(CallError):
    """There is no such thing here. Check the address or the id."""


class NotAllowed(CallError):
    """This link does not open this. Ask for a new link from whoever sent it."""


class Invalid(CallError):
    """What was asked for makes no sense as it stands. The message says which part."""
