"""Fetching recordings that were announced by their address: from the web, or out of a bucket.

What may be reached is said by ``ONRECORD_FETCH_ALLOW`` and checked by ``worker.exchange.outside``. Which credentials
open an address is part of what was announced; they go to the hosts of their own system and to nobody else. A bucket is
opened with the credentials of the environment, which may open more than senders should have, so the operator lists
those that may be fetched from.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import from_url

from worker.core.arrival import Announced
from worker.core.errors import BadRecording, Invalid, NotAllowed, NotThereYet, Unavailable
from worker.exchange.addresses import Address, Allowed
from worker.exchange.outside import Outside

if TYPE_CHECKING:
    from obstore import GetOptions  # obstore has these names for type checkers only
    from obstore.store import RetryConfig

BUCKETS = ("s3", "gs", "az", "abfss")
PART_BYTES = 8 * 1024 * 1024
RETRY: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}  # then a job's own retries go on
_HASH = re.compile(r"(sha256|sha512)-([A-Za-z0-9_-]+)={0,2}")


@dataclass(frozen=True)
class Access:
    """The credentials of one system: for which hosts, those below them included, and as which headers."""

    hosts: tuple[str, ...]
    headers: Callable[[], Mapping[str, str]] = field(repr=False)

    def is_for(self, address: Address) -> bool:
        """Whether they may be sent there."""
        is_theirs = any(address.host == host or address.host.endswith(f".{host}") for host in self.hosts)
        return is_theirs and address.scheme == "https"


@dataclass(frozen=True)
class Sources:
    """What ``ONRECORD_FETCH_ALLOW`` says: hosts and networks, and buckets such as s3://calls or s3://calls/2026."""

    allowed: Allowed = field(default_factory=Allowed)
    buckets: tuple[str, ...] = ()

    @classmethod
    def read(cls, listed: str) -> Sources:
        """From a list apart by commas. Raises Invalid for an item that is nothing of that."""
        items = [item.strip() for item in listed.split(",") if item.strip()]
        buckets = tuple(item.rstrip("/") for item in items if urlsplit(item).scheme in BUCKETS)
        return cls(Allowed.read(item for item in items if item.rstrip("/") not in buckets), buckets)

    def has_bucket(self, address: str) -> bool:
        """Whether an object's address lies in one of the buckets."""
        return any(address.startswith(f"{bucket}/") for bucket in self.buckets)


@dataclass(frozen=True)
class RecordingFetcher:
    """Implements ``worker.core.ports.Fetcher``. ``largest`` is in bytes; ``access`` by the name that is announced."""

    outside: Outside
    sources: Sources
    largest: int
    access: Mapping[str, Access] = field(default_factory=dict, repr=False)

    def fetch(self, announced: Announced, to: Path) -> None:
        """See the port. Leaves no file behind where it fails."""
        wanted = _wanted(announced.content_hash)
        with ExitStack() as after:
            after.callback(to.unlink, missing_ok=True)
            try:
                with to.open("wb") as file:
                    self._fetch(announced, file)
                if wanted is not None and not hmac.compare_digest(_hash(to, wanted[0]), wanted[1]):
                    raise BadRecording("What was fetched is not what was announced: the hash differs. Send it again.")
            except OSError as error:
                raise Unavailable(f"The recording cannot be written here: {error.strerror}.") from error
            after.pop_all()

    def _fetch(self, announced: Announced, file: BinaryIO) -> None:
        if urlsplit(announced.address).scheme in BUCKETS:
            self._out_of_bucket(announced.address, file)
        else:
            self.outside.fetch(announced.address, file, largest=self.largest, headers=self._headers(announced))

    def _headers(self, announced: Announced) -> Mapping[str, str]:
        if announced.access is None:
            return {}
        if (access := self.access.get(announced.access)) is None:
            raise Unavailable(f"This worker has no credentials of the name {announced.access}. See its settings.")
        return access.headers() if access.is_for(Address.read(announced.address)) else {}

    def _out_of_bucket(self, address: str, file: BinaryIO) -> None:
        parts = urlsplit(address, allow_fragments=False)
        key = unquote(parts.path).lstrip("/")
        if not key or ".." in key.split("/") or not self.sources.has_bucket(f"{parts.scheme}://{parts.netloc}/{key}"):
            raise Invalid("This is no bucket to fetch from. List it in ONRECORD_FETCH_ALLOW, as s3://bucket.")
        try:
            self._read_object(f"{parts.scheme}://{parts.netloc}", key, file)
        except (FileNotFoundError, PermissionDeniedError):  # so says one that may not be listed
            raise NotThereYet("The recording is not in its bucket yet.") from None
        except UnauthenticatedError:
            raise NotAllowed("The bucket wants other credentials. See the environment of the worker.") from None
        except BaseError as error:
            raise Unavailable(f"The bucket cannot be reached now ({type(error).__name__}).") from None
        except ValueError:
            raise Invalid("This is no address of an object in a bucket.") from None

    def _read_object(self, bucket: str, key: str, file: BinaryIO) -> None:
        """A part at a time: obstore's limit of time is for one request with all of its body."""
        store = from_url(bucket, retry_config=RETRY)
        found = obstore.head(store, key)
        size, tag = found["size"], found["e_tag"]
        if size > self.largest:
            raise BadRecording(
                f"The recording is larger than {self.largest // 1_000_000} MB. See ONRECORD_LARGEST_CALL_MB."
            )
        if size == 0:
            raise NotThereYet("The recording in its bucket is empty yet.")
        for start in range(0, size, PART_BYTES):
            wanted: GetOptions = {"range": (start, min(start + PART_BYTES, size))}
            if tag is not None:
                wanted["if_match"] = tag  # all of it is of one object, whoever writes another in the meantime
            file.write(obstore.get(store, key, options=wanted).bytes())


def _wanted(content_hash: str | None) -> tuple[str, bytes] | None:
    """The name of the hash and its bytes. Raises Invalid for what is none."""
    if content_hash is None:
        return None
    found = _HASH.fullmatch(content_hash)
    try:
        digest = base64.urlsafe_b64decode(f"{found[2]}==") if found else b""
    except binascii.Error:
        digest = b""
    if found is None or len(digest) != hashlib.new(found[1]).digest_size:
        raise Invalid("The hash of the recording is sha512- or sha256- and its bytes in base64url.")
    return found[1], digest


def _hash(path: Path, name: str) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).digest()
