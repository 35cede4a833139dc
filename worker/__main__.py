"""``python -m worker`` is ``onrecord``: how `onrecord up` starts its own worker and pages."""

from worker.cli import main

main()
