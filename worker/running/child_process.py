"""Child processes that end with the process that started them, however that ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

# Runs in the child before the program itself. On Linux it asks the kernel to end the child with its parent
# (1 is PR_SET_PDEATHSIG, 15 is SIGTERM). A parent that died before that has left its place to another process.
_WITH_ITS_PARENT = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


def ending_with_us(command: Sequence[str]) -> list[str]:
    """The command, wrapped so that its process gets SIGTERM when this one dies (on Linux; elsewhere it lives on).

    The first word is the path of a program. Start it from a thread that lives as long as this process does: Linux ends
    the child with the thread.
    """
    return [sys.executable, "-I", "-S", "-c", _WITH_ITS_PARENT, str(os.getpid()), *command]
