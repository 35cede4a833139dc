"""A process that does nothing but tell events, as a test starts and kills it."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import timedelta

from tests.keys import KEYS
from worker.courier import Courier, Couriers
from worker.exchange.outside import Allowed, Outside
from worker.record.store import Store


def main(store_url: str) -> None:
    """Tells events to endpoints of this machine until SIGTERM."""
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    store = Store(store_url, KEYS)
    outside = Outside(Allowed.read(["127.0.0.1"]), timeout_s=15.0)
    couriers = Couriers(Courier(store, outside, "https://records.example", timedelta(days=30)), every_s=0.05)
    couriers.start()
    ending.wait()
    couriers.stop()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
