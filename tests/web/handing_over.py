"""A telephony system with its key, for the tests of the API's way in."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import soundfile

from tests.web.conftest import NOW, Site
from worker.record.senders import Scope


def sound(seconds: float = 0.2, *, seed: int = 0) -> bytes:
    """A WAV of so many seconds; another one for each seed."""
    file = io.BytesIO()
    samples = [((number * (seed + 3)) % 97 - 48) / 200 for number in range(int(8000 * seconds))]
    soundfile.write(file, samples, 8000, format="WAV", subtype="PCM_16")
    return file.getvalue()


@dataclass
class Sender:
    """A telephony system at a site: what it sends goes with its key, and as no browser does."""

    site: Site
    key: str

    @classmethod
    def at(cls, site: Site, name: str = "pbx-berlin", *scopes: Scope) -> Sender:
        return cls(site, site.store.senders.add(name, scopes or (Scope.WRITE, Scope.READ), now=NOW))

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.key}", **how.pop("headers", {})}
        return self.site.client.request(method, f"/api/v1{path}", headers=headers, **how)

    def send(
        self, recording: bytes, details: dict[str, Any] | None = None, *, name: str = "call.wav", **headers: str
    ) -> httpx.Response:
        """Hands a recording over in a form."""
        data = {} if details is None else {"details": json.dumps(details)}
        named = {one.replace("_", "-"): value for one, value in headers.items()}
        return self.ask("POST", "/calls", files={"recording": (name, recording)}, data=data, headers=named)

    def announce(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Hands a recording over by its address, or by its upload."""
        named = {one.replace("_", "-"): value for one, value in headers.items()}
        return self.ask("POST", "/calls", json=body, headers=named)

    def calls(self) -> int:
        return len(self.site.store.calls(limit=1000))
