"""A process that puts a fresh one in its own place: same number, same arguments, same parent, nothing of its memory."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

OPEN_FILES = (Path("/proc/self/fd"), Path("/dev/fd"))


def replace_process() -> NoReturn:
    """Begins this program again, from any thread and whatever the others do.

    Whoever started this process sees nothing of it. What the old image was at in the database is rolled back when its
    connections close, and its leases run out.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    signal.alarm(0)  # an alarm and a mask would come along into the new image
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in _open_files():
        with suppress(OSError):  # closed since it was listed
            # A library's file that stays open holds on to what it stands for, such as the memory of a GPU.
            os.set_inheritable(number, number <= sys.stderr.fileno())
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 -- our own command line, as it was given


def _open_files() -> list[int]:
    folder = next((one for one in OPEN_FILES if one.is_dir()), None)
    return [int(one.name) for one in folder.iterdir()] if folder else []
