"""Taking in what webhooks deliver: read by its vendor, confirmed where it asks for that, and announced at the door.

Whatever is delivered twice, late or out of order changes nothing: the door knows a call by its external id and a
recording by its address.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from worker.core.errors import NotAllowed, NotFound
from worker.exchange.outside import LARGEST_ANSWER, Outside
from worker.intake.accept import Intake
from worker.intake.vendors.delivered import Delivered, Vendor

log = structlog.get_logger()


@dataclass(frozen=True)
class Vendors:
    """The systems whose webhooks are taken, by the name in their address. ``outside`` confirms subscriptions."""

    by_name: Mapping[str, Vendor] = field(default_factory=dict, repr=False)
    outside: Outside = field(default_factory=Outside)

    def take(self, name: str, delivered: Delivered, intake: Intake) -> None:
        """Takes one delivery in. When it returns, what was announced is safe; a type that is not known is let be.

        Raises NotFound for a system that is not set up here, NotAllowed for what it did not sign, Invalid for what does
        not fit, and Unavailable where nothing was accepted and all of it is to be sent again.
        """
        if (vendor := self.by_name.get(name)) is None:
            raise NotFound("No webhooks of this name are taken here. Look at its secret in the settings.")
        try:
            message = vendor.read(delivered)
        except NotAllowed:
            log.warning("webhook.refused", vendor=name)
            raise
        if message.confirm is not None:
            self.outside.fetch(message.confirm, io.BytesIO(), largest=LARGEST_ANSWER)
        for announced, handover in message.arrivals:
            intake.announce(announced, handover)
        event = "webhook.taken" if message.arrivals or message.confirm else "webhook.ignored"
        log.info(event, vendor=name, kind=message.kind, recordings=len(message.arrivals))


@dataclass(frozen=True)
class Certificates:
    """Certificates by their addresses, each fetched once. Safe to share between threads."""

    outside: Outside
    _kept: dict[str, bytes] = field(default_factory=dict, repr=False)

    def __call__(self, address: str) -> bytes:
        """The certificate at an address. Raises what ``Outside.fetch`` does."""
        if (kept := self._kept.get(address)) is None:
            file = io.BytesIO()
            self.outside.fetch(address, file, largest=LARGEST_ANSWER)
            kept = self._kept[address] = file.getvalue()
        return kept
