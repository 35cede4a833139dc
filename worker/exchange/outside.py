"""The one safe way to an address that somebody else gave: to fetch a recording from it, or to post an event to it.

Whoever may name an address could else make this machine ask its own network for them. So here
1. an address is https, without a name or password in it; http and what is not on the public internet only where the
   operator allows it;
2. its name is looked up once, every answer is checked, and the connection goes to an answer that was checked: a name
   that answers otherwise a moment later (DNS rebinding) is never asked again;
3. redirects are followed by hand, each checked like the first, and credentials stay behind on another host;
4. everything is counted and timed, from the first byte of the connection to the last of the answer, and the answer is
   taken as it comes: what a server packs is not unpacked;
5. the proxies of the environment are not asked, because they would look the name up for themselves.

httpcore2, the layer beneath httpx2, is used by itself: only there can the connection be made by the one who checked.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias

import httpcore2

from worker.core.errors import BadRecording, CallError, Invalid, NotAllowed, NotThereYet, Unavailable
from worker.exchange.addresses import Address, Allowed, is_public, look_up, plain

Resolve: TypeAlias = Callable[[str, int], Iterable[str]]

MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
LARGEST_ANSWER = 64 * 1024  # bytes of what is not a recording: a certificate, what a gateway says
SILENT_S = 30.0
"""For so long may a connection say nothing."""


# The connection


@dataclass(frozen=True)
class _Clock:
    """When everything has to be over."""

    ends_at: float

    def left(self, timeout: float | None) -> float:
        """Seconds for the next step. Raises httpcore2's timeout where there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("The time for all of it is over.")
        return min(left, SILENT_S if timeout is None else timeout)


class _Timed(httpcore2.NetworkStream):
    """A connection none of whose steps may take longer than what is left of the whole time."""

    def __init__(self, stream: httpcore2.NetworkStream, clock: _Clock) -> None:
        self._stream, self._clock = stream, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._clock.left(timeout)), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Checked(httpcore2.NetworkBackend):
    """Connects to addresses that were checked, and to nothing that a name may lead to by now."""

    def __init__(self, addresses: tuple[str, ...], clock: _Clock) -> None:
        self._addresses, self._clock = addresses, clock
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 -- the name, which was looked up
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failed: Exception | None = None
        for address in self._addresses:
            try:
                left = self._clock.left(timeout)
                stream = self._backend.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
            else:
                return _Timed(stream, self._clock)
        raise failed or httpcore2.ConnectError("There is no address to connect to.")


# What is done there


@dataclass(frozen=True)
class Answer:
    """What a server answered to what was posted. ``retry_after_s`` is None where it said nothing of it."""

    status: int
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Outside:
    """Reaches addresses of others, within limits of bytes and seconds for all of one fetch or post.

    Every method raises Invalid for an address that is not reached from here, and Unavailable where its server cannot
    be reached now, both without the address in their words.
    """

    allowed: Allowed = field(default_factory=Allowed)
    timeout_s: float = 600.0
    resolve: Resolve = look_up
    tls: ssl.SSLContext = field(default_factory=httpcore2.default_ssl_context, repr=False)

    def fetch(self, address: str, to: BinaryIO, *, largest: int, headers: Mapping[str, str] | None = None) -> int:
        """Writes what lies at an address into a file; how many bytes. ``headers`` are for its host alone.

        Raises BadRecording for more than ``largest`` bytes and for what is packed, NotThereYet where the server does
        not have it or has nothing in it, NotAllowed where it wants other credentials.
        """
        clock = _Clock(time.monotonic() + self.timeout_s)
        at, secret = Address.read(address), dict(headers or {})
        for _ in range(MOST_REDIRECTS + 1):
            with self._asked("GET", at, headers=secret, body=None, clock=clock) as answer:
                if answer.status not in REDIRECTS:
                    _check_status(answer.status)
                    return _written(answer, to, largest)
                then = at.joined(_header(answer, b"location") or "")
            if then.origin != at.origin:
                secret = {}
            at = then
        raise Unavailable(f"The recording's address leads on more than {MOST_REDIRECTS} times.")

    def post(self, address: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
        """Posts a body; what was answered, whatever it is. A redirect is an answer, and not followed."""
        clock = _Clock(time.monotonic() + self.timeout_s)
        with self._asked("POST", Address.read(address), headers=headers, body=body, clock=clock) as answer:
            after = _header(answer, b"retry-after") or ""
            return Answer(answer.status, float(after) if after.isascii() and after.isdigit() else None)

    @contextmanager
    def _asked(
        self, method: str, at: Address, *, headers: Mapping[str, str], body: bytes | None, clock: _Clock
    ) -> Iterator[httpcore2.Response]:
        """One request and its answer, over a connection of its own."""
        backend = _Checked(self._addresses(at), clock)
        sent = {"Host": at.header, "Accept-Encoding": "identity", "User-Agent": "onrecord", **headers}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        url = httpcore2.URL(scheme=at.scheme, host=at.host, port=at.port, target=at.target)
        with (
            _our_errors(),
            httpcore2.ConnectionPool(ssl_context=self.tls, network_backend=backend, max_connections=1) as pool,
            pool.stream(method, url, headers=list(sent.items()), content=body) as answer,
        ):
            yield answer

    def _addresses(self, at: Address) -> tuple[str, ...]:
        """What the host is looked up to, once; all of it may be reached. Raises Invalid, Unavailable."""
        try:
            found = {one: plain(one) for one in self.resolve(at.host, at.port)}
        except (OSError, UnicodeError, ValueError):
            found = {}
        if not found:
            raise Unavailable("The host of the address is not known to this machine's name servers.")
        for address in found.values():
            if self.allowed.has(at.host, address):
                continue
            if not is_public(address):
                raise Invalid("This address leads into a private network. Only ONRECORD_FETCH_ALLOW opens one.")
            if at.scheme != "https":
                raise Invalid("Only addresses of https are reached from here, save those of ONRECORD_FETCH_ALLOW.")
        return tuple(found)


def _check_status(status: int) -> None:
    """Raises what the status of a fetch means for whoever waits for the recording."""
    match status:
        case 200:
            return
        case 202 | 204 | 403 | 404 | 409 | 425:  # 403 is what a bucket says of an object that is not there yet
            raise NotThereYet(f"The recording is not at its address yet: it answers {status}.")
        case 401 | 407:
            raise NotAllowed(f"The recording's address wants other credentials: it answers {status}. See the settings.")
        case 408 | 429:
            raise Unavailable(f"The recording cannot be fetched now: its address answers {status}.")
        case _ if 400 <= status < 500:
            raise Invalid(f"The recording cannot be fetched: its address answers {status}.")
        case _:
            raise Unavailable(f"The recording cannot be fetched now: its address answers {status}.")


def _written(answer: httpcore2.Response, to: BinaryIO, largest: int) -> int:
    if (_header(answer, b"content-encoding") or "identity").lower() != "identity":
        raise BadRecording("The recording's server packs it, though it was asked not to. Have it sent as it is.")
    announced = _header(answer, b"content-length") or ""
    size = 0
    if announced.isascii() and announced.isdigit() and int(announced) > largest:
        raise _too_large(largest)
    for block in answer.iter_stream():
        size += len(block)
        if size > largest:
            raise _too_large(largest)
        to.write(block)
    if size == 0:
        raise NotThereYet("There is nothing at the recording's address yet.")
    return size


def _too_large(largest: int) -> CallError:
    return BadRecording(f"The recording is larger than {largest // 1_000_000} MB. See ONRECORD_LARGEST_CALL_MB.")


def _header(answer: httpcore2.Response, name: bytes) -> str | None:
    return next((value.decode("latin-1").strip() for key, value in answer.headers if key.lower() == name), None)


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turns what a connection raises into our errors; its own words may have the address in them."""
    try:
        yield
    except httpcore2.TimeoutException:
        raise Unavailable("The server of the address does not answer in time.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
        raise Unavailable(f"The server of the address cannot be reached ({type(error).__name__}).") from None
