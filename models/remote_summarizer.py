"""Writes one sentence at a time with a model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama and others.

For fleets, where one server with a large model serves many workers. It asks what ``models.summarizer`` asks of weights
on this machine, and takes one plain line or nothing. Whether the sentence is true, the ``check`` stage decides.

The passage goes to the one server that is named and to nobody else: no redirect is followed, no proxy of the
environment is used, and the server's certificate has to be one that this machine trusts.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

import httpx2

from models.prompting import ask, most_tokens, plain_line
from worker.core.errors import BrokenModel, CallError, Invalid, Unavailable
from worker.core.ports import MadeWith

CONNECT_WITHIN_S = 5.0
ANSWER_WITHIN_S = 60.0
"""For one answer, queueing at a busy server included."""
GIVE_UP_AFTER_S = 120.0
"""For all tries of one sentence. The job is tried again later, with waits of its own."""
TRIES = 4
FIRST_WAIT_S = 1.0
GROWTH = 4.0
KEEP_ALIVE_S = 3.0
"""Shorter than servers keep an idle connection (uvicorn 5 s), so that none is closed just as it is used again."""
MOST_BYTES = 256 * 1024
"""A sentence is some hundred bytes and what is told around it a few thousand."""
LONGEST_NOTE = 120
MOST_PORT = 65535
EARLIEST_MADE = 1_000_000_000
"""2001. A server that knows no better tells 0 or 1."""
UNKNOWN_REVISION = "server"

_ITS_SERVER = "The server of ONRECORD_SUMMARIZER_URL"


class RemoteSummarizer:
    """A ``Summarizer`` around one model of a server that speaks OpenAI's chat protocol.

    ``url`` is the server's base address, with or without ``/v1``; ``model`` its name there; ``key`` is sent as a bearer
    token. Asks one word of the server first, so that a wrong key or name shows before a call is half written. May be
    used from several threads at once. ``answer_within_s`` and ``give_up_after_s`` bound one try and all of them,
    ``first_wait_s`` is the wait before the second try.

    Raises Invalid for an address or a key that cannot be one, and otherwise what ``write`` raises.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str,
        key: str | None = None,
        answer_within_s: float = ANSWER_WITHIN_S,
        give_up_after_s: float = GIVE_UP_AFTER_S,
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        self._model = model
        self._answer_within_s, self._give_up_after_s = answer_within_s, give_up_after_s
        self._first_wait_s = first_wait_s
        self._base = _base_of(url)
        self._client = httpx2.Client(
            headers=_headers(key),
            verify=_trusted(),
            trust_env=False,  # no proxy and no .netrc
            follow_redirects=False,
            limits=httpx2.Limits(keepalive_expiry=KEEP_ALIVE_S),
        )
        self._lock = Lock()
        try:
            self._answered_as = self._chat("Say yes.", tokens=1)[1]
            self._listed_as = self._look_up()
        except CallError:
            self.close()
            raise

    @property
    def made_with(self) -> MadeWith:
        """The model's name, and what the server tells of it; that may change, as the model behind the name may."""
        with self._lock:
            told = dict.fromkeys((*self._listed_as, *self._answered_as))
        return MadeWith(_short(self._model), ", ".join(told) or UNKNOWN_REVISION)

    def write(self, instruction: str, passage: str, *, max_words: int) -> str:
        """The first sentence of the answer, or nothing where that is not one plain line; at most ``max_words`` words.

        The most probable token at each step is asked for, with a fixed seed: the same input gives the same answer as
        far as the server keeps to it.
        Raises Unavailable for what may work later: a server that cannot be reached, is too slow, busy or broken, or
        refuses the key; BrokenModel for a model that is not there or an answer outside the protocol; Invalid for a
        request that the server refuses, of a passage too long for the model among others.
        """
        if max_words < 1:
            return ""
        message, told = self._chat(ask(instruction, passage), tokens=most_tokens(max_words))
        with self._lock:
            self._answered_as = told
        return plain_line(_content_of(message), max_words)

    def close(self) -> None:
        """Lets go of the connections that are kept for the next sentence."""
        self._client.close()

    def _chat(self, content: str, *, tokens: int) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """The message of the answer, and what the answer tells of the model that gave it."""
        asked = {
            "model": self._model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": tokens,
            "temperature": 0,
            "seed": 0,
            "stream": False,
        }
        answer = _object_in(self._ask("POST", "chat/completions", asked, tries=TRIES))
        match answer:
            case {"choices": [{"message": {"content": str() | None} as message}]}:
                return message, self._told_by(answer)
        raise BrokenModel(f"{_ITS_SERVER} answers without the fields of a chat. Is it OpenAI-compatible?")

    def _told_by(self, answer: Mapping[str, Any]) -> tuple[str, ...]:
        model, fingerprint = answer.get("model"), answer.get("system_fingerprint")
        return _notes(model if model != self._model else None, fingerprint)

    def _look_up(self) -> tuple[str, ...]:
        """What the server's list of models tells of ours; nothing where it has no such list. Only for the note."""
        try:
            listed = _object_in(self._ask("GET", "models", None, tries=1)).get("data")
        except CallError:
            return ()
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        ours = [entry for entry in entries if entry.get("id") == self._model]
        if not ours and len(entries) == 1:
            ours = entries  # llama.cpp has one model and answers to any name
        if not ours:
            return ()
        entry = ours[0]
        names = [name for name in (entry.get("root"), entry.get("id")) if name and name != self._model]
        return _notes(*names[:1], _made_at(entry.get("created")))

    def _ask(self, method: str, path: str, asked: object, *, tries: int) -> bytes:
        """The body of an answer with status 200, after as many tries as are worth it within the time."""
        give_up_at = time.monotonic() + self._give_up_after_s
        wait_s = self._first_wait_s
        while True:
            tries -= 1
            pause_s = wait_s
            failure: CallError
            try:
                status, taken, told_s = self._exchange(method, path, asked, give_up_at)
            except Unavailable as error:
                failure = error
            else:
                if status == 200:
                    return taken
                failure = _failure_of(status)
                if not _may_work_soon(status):
                    raise failure
                pause_s = wait_s if told_s is None else told_s
            if not tries or time.monotonic() + pause_s >= give_up_at:
                raise failure
            time.sleep(pause_s)
            wait_s *= GROWTH

    def _exchange(self, method: str, path: str, asked: object, give_up_at: float) -> tuple[int, bytes, float | None]:
        """One request: status, body, and the seconds after which the server wants to be asked again, if it says so."""
        until = min(give_up_at, time.monotonic() + self._answer_within_s)
        patience_s = max(0.001, until - time.monotonic())
        timeout = httpx2.Timeout(patience_s, connect=min(CONNECT_WITHIN_S, patience_s))
        body = None if asked is None else json.dumps(asked).encode()  # ASCII: half a character breaks nothing
        taken = bytearray()
        try:
            with self._client.stream(method, f"{self._base}/v1/{path}", content=body, timeout=timeout) as response:
                for chunk in response.iter_raw():
                    taken += chunk
                    if len(taken) > MOST_BYTES:
                        raise BrokenModel(f"{_ITS_SERVER} answers at a length that no sentence has.")
                    if time.monotonic() > until:
                        raise Unavailable(f"{_ITS_SERVER} did not answer in time.")
                return response.status_code, bytes(taken), _seconds_in(response.headers.get("Retry-After"))
        except httpx2.TimeoutException as error:
            raise Unavailable(f"{_ITS_SERVER} did not answer in time.") from error
        except httpx2.ConnectError as error:
            raise Unavailable(
                f"{_ITS_SERVER} cannot be reached, or its certificate is none that this machine trusts."
            ) from error
        except httpx2.TransportError:
            # Its message may quote what the server sent, and so the passage.
            raise Unavailable(f"{_ITS_SERVER} broke off its answer.") from None


def _base_of(url: str) -> str:
    """The address without ``/v1`` and its slashes. Raises Invalid without showing it: it may hold a password."""
    try:
        parts = httpx2.URL(url)
        parts.raw_host.decode().encode("idna")  # as the look-up of names will do
        is_address = parts.scheme in ("http", "https") and bool(parts.host) and (parts.port or 80) <= MOST_PORT
        has_more = parts.userinfo or parts.query or parts.fragment or " " in url
    except (httpx2.InvalidURL, UnicodeError):
        is_address, has_more = False, True
    if not is_address or has_more:
        # No cause: its message shows a part of the address.
        raise Invalid(
            "ONRECORD_SUMMARIZER_URL is no plain address such as https://host:8000. A key has its own setting."
        )
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def _headers(key: str | None) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",  # so that the bytes that are counted are all there are
        "Content-Type": "application/json",
        "User-Agent": "onrecord",
    }
    if key is None:
        return headers
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        raise Invalid(
            "ONRECORD_SUMMARIZER_KEY holds signs that no key has: a space, a line end or a letter not in ASCII."
        )
    return {**headers, "Authorization": f"Bearer {key}"}


def _trusted() -> ssl.SSLContext:
    """Whose certificates are taken: this machine's authorities, or those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    try:
        return httpx2.create_ssl_context(trust_env=True)
    except OSError as error:  # an SSLError is one too
        raise Unavailable("The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read.") from error


def _may_work_soon(status: int) -> bool:
    return status in (408, 429) or status >= 500


def _failure_of(status: int) -> CallError:
    """The error of an answer that is not one, named by who has to act."""
    match status:
        case 401 | 403:
            # Nothing is wrong with the call: it works as soon as the operator has put the key right.
            return Unavailable(f"{_ITS_SERVER} refuses the key (HTTP {status}). Look at ONRECORD_SUMMARIZER_KEY.")
        case 404:
            return BrokenModel(
                f"{_ITS_SERVER} knows no model of the name in ONRECORD_WRITING_MODEL, or has no chat at that address."
            )
        case 408 | 429:
            return Unavailable(f"{_ITS_SERVER} has too much to do (HTTP {status}).")
        case _ if status >= 500:
            return Unavailable(f"{_ITS_SERVER} failed (HTTP {status}). Its own log says why.")
        case _ if 300 <= status < 400:
            return Invalid(f"{_ITS_SERVER} sends on to another address, which is not followed. Set that one instead.")
        case _ if 200 <= status < 300:
            return BrokenModel(f"{_ITS_SERVER} answers with HTTP {status}, which is no answer of a chat.")
    return Invalid(
        f"{_ITS_SERVER} refuses what it is asked (HTTP {status}): a passage too long for the model, or another model "
        "than it has. Its own log says which."
    )


def _object_in(taken: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(taken)
    except (ValueError, RecursionError):
        answer = None  # and no cause: the parser's error carries the whole answer
    if not isinstance(answer, dict):
        raise BrokenModel(f"{_ITS_SERVER} answers with something that is no JSON object. Is it OpenAI-compatible?")
    return answer


def _content_of(message: Mapping[str, Any]) -> str:
    """What the model said, which may be nothing. Raises BrokenModel if it had room for its reasoning only."""
    content = message["content"] or ""
    if not content.strip() and (message.get("reasoning") or message.get("reasoning_content")):
        raise BrokenModel(
            "The model of ONRECORD_WRITING_MODEL reasons at length before it answers. Turn that off at its server."
        )
    return str(content)


def _notes(*told: object) -> tuple[str, ...]:
    """Those of a server's remarks on a model that can stand in a record."""
    kept = (_short(one) for one in told if isinstance(one, str) and one.isprintable())
    return tuple(note for note in kept if 0 < len(note) <= LONGEST_NOTE)


def _short(name: str) -> str:
    """A model's name; of a folder at the server only the last part, the rest concerns nobody."""
    return PurePosixPath(name).name if name.startswith("/") else name


def _made_at(created: object) -> str | None:
    """When a model was made or fetched, for servers that tell it: vLLM and llama.cpp give the time of the request."""
    if not isinstance(created, int) or not EARLIEST_MADE < created < time.time() - 60:
        return None
    return datetime.fromtimestamp(created, UTC).isoformat()


def _seconds_in(retry_after: str | None) -> float | None:
    """The header Retry-After, seconds or an instant, as seconds from now; None if it is neither. Source: RFC 9110."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
