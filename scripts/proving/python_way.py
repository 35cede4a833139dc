"""A program of somebody else's that hands recordings over by ``worker.enqueue``: one JSON object a line in, one out.

Usage: ``python -m scripts.proving.python_way``. In: ``key``, ``path``, ``sender``, ``external_id``, ``line``,
``priority``. Out: ``key`` and ``call_id``, or ``key`` and ``error``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from worker.core.arrival import Handover, Priority
from worker.core.call import CallDetails
from worker.core.errors import CallError
from worker.enqueue import enqueue
from worker.logs import configure_logs


def main() -> None:
    """Hands over until its input ends."""
    configure_logs("warning")
    for line in sys.stdin:
        given = json.loads(line)
        details = CallDetails(external_id=given["external_id"], line=given["line"])
        handover = Handover(details, sender=given["sender"], priority=Priority(given["priority"]))
        try:
            said = {"call_id": enqueue(Path(given["path"]), handover).call_id}
        except CallError as error:
            said = {"error": type(error).__name__}
        sys.stdout.write(json.dumps({"key": given["key"], **said}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
