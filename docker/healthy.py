#!/usr/bin/env python3
"""The health check of the images: exit status 0 if the address that is given answers 200 within 4 seconds, else 1.

It asks whether this process is alive and not whether its neighbours are: a web process or a worker that waits for a
database waits well, and starting it again would help nobody. The standard library alone, because slim images have no
curl.
"""

from __future__ import annotations

import sys
import urllib.request

WITHIN_S = 4.0

if __name__ == "__main__":
    try:
        # Straight to it, also where the environment names a proxy for everything else.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(sys.argv[1], timeout=WITHIN_S) as answer:
            sys.exit(0 if answer.status == 200 else 1)
    except OSError as error:
        sys.exit(f"{type(error).__name__}: {error}")
