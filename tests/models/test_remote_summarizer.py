"""The adapter around a model on a server: what it asks, what it takes, and how each failure is told and to whom.

All of it against a real server on this machine that speaks the protocol strictly (``tests/chat_server.py``).
"""

from __future__ import annotations

import json
import logging
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from models.prompting import ask
from models.remote_summarizer import MOST_BYTES, UNKNOWN_REVISION, RemoteSummarizer, _base_of
from tests.chat_server import KEY, MODEL, ChatServer, Reply, chat, chat_answer, serving
from worker.bootstrap.adapters import ports, wanted_models
from worker.core.errors import BrokenModel, CallError, Invalid, Unavailable
from worker.core.evidence import NO_MODEL
from worker.settings import Settings

INSTRUCTION = "Write one sentence."
PASSAGE = "agent: Your PIN is seventeen."
Connect = Callable[..., RemoteSummarizer]


@pytest.fixture(scope="module")
def running() -> Iterator[ChatServer]:
    with serving(ChatServer(key=KEY)) as one:
        yield one


@pytest.fixture(scope="module")
def connected(running: ChatServer) -> Iterator[RemoteSummarizer]:
    one = make(running.url)
    yield one
    one.close()


def make(url: str, **changed: Any) -> RemoteSummarizer:
    """An adapter that waits as little as a test wants."""
    asked = {"model": MODEL, "key": KEY, "answer_within_s": 5.0, "give_up_after_s": 5.0, "first_wait_s": 0.01}
    return RemoteSummarizer(url, **{**asked, **changed})


@pytest.fixture
def server(running: ChatServer) -> ChatServer:
    """One server for all tests, with nothing left of the test before."""
    running.forget()
    return running


@pytest.fixture
def remote(server: ChatServer, connected: RemoteSummarizer) -> RemoteSummarizer:
    """One adapter for the tests that need no other: most of the time goes into reading the trusted authorities."""
    server.forget()
    return connected


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes adapters of a test's own and closes them with it."""
    made: list[RemoteSummarizer] = []

    def connect(url: str, **changed: Any) -> RemoteSummarizer:
        made.append(make(url, **changed))
        return made[-1]

    yield connect
    for one in made:
        one.close()


def write(remote: RemoteSummarizer) -> str:
    return remote.write(INSTRUCTION, PASSAGE, max_words=25)


# What is asked


def test_the_passage_is_sent_fenced_with_the_most_probable_answer_asked_for(
    server: ChatServer, remote: RemoteSummarizer
) -> None:
    assert remote.write(INSTRUCTION, PASSAGE, max_words=4) == "Your PIN is seventeen."
    assert server.asked == [
        {
            "model": MODEL,
            "messages": [{"role": "user", "content": ask(INSTRUCTION, PASSAGE)}],
            "max_tokens": 20,  # three a word, and eight
            "temperature": 0,
            "seed": 0,
            "stream": False,
        }
    ]


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_the_address_is_taken_with_or_without_its_version(server: ChatServer, connect: Connect, ending: str) -> None:
    assert write(connect(server.url + ending)) == "Your PIN is seventeen."


def test_no_words_asked_for_are_no_request(server: ChatServer, remote: RemoteSummarizer) -> None:
    assert remote.write(INSTRUCTION, PASSAGE, max_words=0) == ""
    assert server.asked == []


def test_half_a_character_in_a_passage_is_sent_and_not_a_bug(server: ChatServer, remote: RemoteSummarizer) -> None:
    server.answer = lambda message: chat("It came." if "\ud83d" in message else "It was lost.")
    assert remote.write(INSTRUCTION, "agent: \ud83d", max_words=5) == "It came."


def test_one_connection_serves_sentence_after_sentence(connect: Connect) -> None:
    with serving(ChatServer(key=KEY)) as server:
        remote = connect(server.url)
        for _ in range(5):
            write(remote)
        assert len(server.callers) == 1


def test_several_threads_get_each_their_own_answer(server: ChatServer, remote: RemoteSummarizer) -> None:
    answers: dict[int, set[str]] = {}

    def work(number: int) -> None:
        passages = [f"agent: It is number {number}." for _ in range(5)]
        answers[number] = {remote.write(INSTRUCTION, passage, max_words=9) for passage in passages}

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: {f"It is number {number}."} for number in range(6)}


def test_a_proxy_or_a_password_file_of_the_environment_is_not_used(
    server: ChatServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A passage goes to the server that is named. 127.0.0.1:9 has nobody, so a proxy there would be noticed."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert write(connect(server.url)) == "Your PIN is seventeen."


# What is taken of an answer


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        ("The agent told the PIN.", "The agent told the PIN."),
        ("\nThe agent told the PIN. It was seventeen.\n", "The agent told the PIN."),
        ("<think>Is it allowed?</think>The agent told the PIN.", ""),
        ("- The agent told the PIN.", ""),
        ("The agent told the PIN.\nThe customer wrote it down.", ""),
        ('"The agent told the PIN."', ""),
        ("", ""),
        (None, ""),
    ],
)
def test_one_plain_line_is_taken_and_nothing_else(
    server: ChatServer, remote: RemoteSummarizer, content: str | None, taken: str
) -> None:
    server.replies = [chat(content)]
    assert write(remote) == taken


def test_a_sentence_that_does_not_end_is_cut_at_a_word(server: ChatServer, remote: RemoteSummarizer) -> None:
    server.replies = [chat("one two three four")]
    assert remote.write(INSTRUCTION, PASSAGE, max_words=3) == "one two three"


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_a_model_that_spends_its_words_on_reasoning_is_a_broken_model(
    server: ChatServer, remote: RemoteSummarizer, field: str
) -> None:
    server.replies = [chat(None, **{field: "The PIN is"}), chat("The agent told it.", **{field: "The PIN is"})]
    with pytest.raises(BrokenModel, match="ONRECORD_WRITING_MODEL"):
        write(remote)
    assert write(remote) == "The agent told it.", "Reasoning beside an answer is the server's own affair."


NOT_AN_ANSWER = {
    "not JSON": b"<html>seventeen</html>",
    "not text": b"\xff\xfe\x00",
    "nothing": b"",
    "a list": b"[]",
    "a number": b"17",
    "brackets without end": b"[" * 100_000,
    "no choices": b'{"object": "chat.completion"}',
    "an empty list of choices": b'{"choices": []}',
    "choices that are no list": b'{"choices": {"message": {"content": "seventeen"}}}',
    "two choices": json.dumps({"choices": [{"message": {"content": "one"}}] * 2}).encode(),
    "no message": b'{"choices": [{"text": "seventeen"}]}',
    "no content": b'{"choices": [{"message": {"role": "assistant"}}]}',
    "content that is no text": b'{"choices": [{"message": {"content": ["seventeen"]}}]}',
    "an error": b'{"error": {"message": "seventeen"}}',
    "more than a sentence needs": json.dumps(chat_answer("seventeen " * (MOST_BYTES // 10))).encode(),
}


@pytest.mark.parametrize("body", NOT_AN_ANSWER.values(), ids=NOT_AN_ANSWER.keys())
def test_an_answer_outside_the_protocol_is_a_broken_model(
    server: ChatServer, remote: RemoteSummarizer, body: bytes
) -> None:
    server.replies = [Reply(body=body)]
    with pytest.raises(BrokenModel, match="ONRECORD_SUMMARIZER_URL"):
        write(remote)
    assert len(server.asked) == 1, "What is broken is not asked again."


# Failures, and who acts


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_or_failing_server_is_asked_again(server: ChatServer, remote: RemoteSummarizer, status: int) -> None:
    server.replies = [Reply(status), Reply(status), chat("The agent told it.")]
    assert write(remote) == "The agent told it."


def test_a_server_that_stays_busy_is_unavailable_after_a_few_tries(
    server: ChatServer, remote: RemoteSummarizer
) -> None:
    server.replies = [Reply(503)] * 20
    with pytest.raises(Unavailable, match="503"):
        write(remote)
    assert len(server.asked) == 4


@pytest.mark.parametrize("form", ["seconds", "instant"])
def test_the_wait_that_a_server_asks_for_is_kept(server: ChatServer, connect: Connect, form: str) -> None:
    remote = connect(server.url, first_wait_s=0.0)
    instant = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)  # whole seconds: 1 to 2 from now
    told = "1" if form == "seconds" else instant
    server.replies = [Reply(429, headers={"Retry-After": told}), chat("The agent told it.")]
    started = time.monotonic()
    assert write(remote) == "The agent told it."
    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize("told", ["60", "9" * 400, format_datetime(datetime(2099, 1, 1, tzinfo=UTC), usegmt=True)])
def test_a_wait_beyond_the_time_for_a_sentence_is_left_to_the_job(
    server: ChatServer, remote: RemoteSummarizer, told: str
) -> None:
    server.replies = [Reply(429, headers={"Retry-After": told})] * 5
    started = time.monotonic()
    with pytest.raises(Unavailable):
        write(remote)
    assert time.monotonic() - started < 2
    assert len(server.asked) == 1


@pytest.mark.parametrize("told", ["soon", "-5", "", "²", "1999-01-01"])
def test_a_wait_that_nobody_can_read_is_not_waited(server: ChatServer, remote: RemoteSummarizer, told: str) -> None:
    server.replies = [Reply(429, headers={"Retry-After": told}), chat("The agent told it.")]
    assert write(remote) == "The agent told it."


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_its_setting_and_is_not_tried_at_once_again(
    server: ChatServer, remote: RemoteSummarizer, status: int
) -> None:
    """Unavailable: the call is good, and works once the operator has put the key right."""
    server.replies = [Reply(status)] * 3
    with pytest.raises(Unavailable, match="ONRECORD_SUMMARIZER_KEY"):
        write(remote)
    assert len(server.asked) == 1


@pytest.mark.parametrize("key", [None, "another"])
def test_a_wrong_key_shows_before_anything_is_written(server: ChatServer, connect: Connect, key: str | None) -> None:
    with pytest.raises(Unavailable, match="ONRECORD_SUMMARIZER_KEY"):
        connect(server.url, key=key)


def test_a_model_that_the_server_does_not_have_names_its_setting(server: ChatServer, connect: Connect) -> None:
    with pytest.raises(BrokenModel, match="ONRECORD_WRITING_MODEL"):
        connect(server.url, model="another")


def test_an_address_without_a_chat_is_told_alike(server: ChatServer, connect: Connect) -> None:
    with pytest.raises(BrokenModel, match="no chat at that address"):
        connect(f"{server.url}/elsewhere")


@pytest.mark.parametrize("status", [400, 405, 413, 422])
def test_a_request_that_is_refused_is_invalid(server: ChatServer, remote: RemoteSummarizer, status: int) -> None:
    """A passage too long for the model comes back so; the model on this machine says Invalid as well."""
    server.replies = [Reply(status)]
    with pytest.raises(Invalid, match=str(status)):
        write(remote)


@pytest.mark.parametrize("status", [201, 204])
def test_a_success_that_is_none_of_a_chat_is_a_broken_model(
    server: ChatServer, remote: RemoteSummarizer, status: int
) -> None:
    server.replies = [Reply(status, body=b"")]
    with pytest.raises(BrokenModel):
        write(remote)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_passage_is_not_carried_to_another_address(
    server: ChatServer, remote: RemoteSummarizer, status: int
) -> None:
    with serving(ChatServer(key=KEY)) as other:
        server.replies = [Reply(status, headers={"Location": f"{other.url}/v1/chat/completions"})]
        with pytest.raises(Invalid, match="not followed"):
            write(remote)
        assert other.asked == []


def test_nobody_at_the_address_is_unavailable(connect: Connect) -> None:
    with serving(ChatServer()) as gone:
        url = gone.url
    with pytest.raises(Unavailable, match="cannot be reached"):
        connect(url)


def test_a_server_that_comes_back_is_used_again(server: ChatServer, remote: RemoteSummarizer) -> None:
    server.replies = [Reply(body=b'{"choices', breaks_off=True), chat("The agent told it.")]
    assert write(remote) == "The agent told it."


@pytest.mark.parametrize("slow", [Reply(after_s=3.0), Reply(body=b" " * 500, dribble_s=0.02)], ids=["silent", "drips"])
def test_a_server_that_is_too_slow_is_unavailable_within_the_time(
    server: ChatServer, connect: Connect, slow: Reply
) -> None:
    remote = connect(server.url, answer_within_s=0.4, give_up_after_s=1.0)
    server.replies = [slow] * 5
    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        write(remote)
    assert time.monotonic() - started < 3.0


# What is told, and what never is


def test_neither_words_nor_key_are_in_any_message_or_log(
    server: ChatServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)  # worker.logs keeps foreign lines to warnings; this is one step more
    remote = connect(server.url, give_up_after_s=1.0, answer_within_s=0.5)
    echo = PASSAGE.encode()
    replies = [Reply(status, body=echo, headers={"X-Echo": PASSAGE}) for status in (204, 307, 400, 401, 404, 429, 500)]
    replies += [Reply(body=echo), Reply(body=echo, breaks_off=True), Reply(headers={PASSAGE: "\x00"})]
    told = []
    for reply in replies:
        server.replies = [reply] * 10
        with pytest.raises(CallError) as raised:
            write(remote)
        told += traceback.format_exception(raised.value)
    for line in (*told, *caplog.messages, repr(remote), repr(vars(remote))):
        assert "seventeen" not in line
        assert KEY not in line


BAD_ADDRESSES = {
    "no scheme": "vllm:8000",
    "another scheme": "ftp://vllm",
    "no host": "http://",
    "a port that is none": "http://vllm:port",
    "a password": "http://somebody:seventeen@vllm",
    "a question": "http://vllm?key=seventeen",
    "a fragment": "http://vllm#seventeen",
    "a line end": "http://vllm\n",
    "half an address": "http://[::1",
    "a port too high": "http://vllm:70000",
    "an empty part of a name": "http://vllm..local",
    "a name too long": f"http://{'vllm' * 20}",
}


@pytest.mark.parametrize("url", BAD_ADDRESSES.values(), ids=BAD_ADDRESSES.keys())
def test_an_address_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_SUMMARIZER_URL") as refused:
        RemoteSummarizer(url, model=MODEL)
    assert "seventeen" not in refused.value.message
    assert "vllm" not in refused.value.message


@pytest.mark.parametrize("host", ["[::1]", "192.0.2.1", "vllm", "vl_lm.cluster.local", "bücher.example", "localhost."])
def test_every_usual_way_to_write_an_address_is_taken(host: str) -> None:
    assert _base_of(f"https://{host}:8443/team/v1/") == f"https://{host}:8443/team"


@pytest.mark.parametrize("key", ["", "two words", "one\r\nX-More: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(server: ChatServer, key: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_SUMMARIZER_KEY") as refused:
        RemoteSummarizer(server.url, model=MODEL, key=key)
    assert not key or key not in refused.value.message


# Which model it was


def listing(**entry: Any) -> Any:
    return {"object": "list", "data": [{"id": "another", "root": "others/another"}, {"id": MODEL, **entry}]}


@pytest.mark.parametrize(
    ("listed", "revision"),
    [
        (listing(root="org/Fleet-7B"), "org/Fleet-7B"),
        (listing(root="/srv/models/fleet-7b"), "fleet-7b"),
        (listing(root=MODEL, created=1_700_000_000), "2023-11-14T22:13:20+00:00"),
        (listing(root=None, created=4_000_000_000), UNKNOWN_REVISION),
        (listing(created=int(time.time()) + 7200), UNKNOWN_REVISION),  # a server that tells its time, and no revision
        (listing(root="seven\x1bteen", created=True), UNKNOWN_REVISION),
        (listing(root="x" * 500, created="yesterday"), UNKNOWN_REVISION),
        ({"data": [{"id": "only-one.gguf"}]}, "only-one.gguf"),
        ({"data": [{"id": "one"}, {"id": "two"}]}, UNKNOWN_REVISION),
        ({"data": "none"}, UNKNOWN_REVISION),
        ([], UNKNOWN_REVISION),
    ],
)
def test_the_revision_is_what_the_servers_list_tells_of_the_model(connect: Connect, listed: Any, revision: str) -> None:
    with serving(ChatServer(key=KEY, listed=listed)) as server:
        made_with = connect(server.url).made_with
    assert (made_with.model, made_with.revision) == (MODEL, revision)


def test_another_model_behind_the_same_name_is_noted(server: ChatServer, connect: Connect) -> None:
    remote = connect(server.url)
    server.replies = [Reply(body=json.dumps(chat_answer("Yes.", model="newer", fingerprint="fp_2")).encode())]
    assert remote.made_with.revision == UNKNOWN_REVISION
    write(remote)
    assert remote.made_with.revision == "newer, fp_2"


def test_a_name_that_is_a_folder_at_the_server_is_told_without_the_way_to_it(connect: Connect) -> None:
    with serving(ChatServer(key=KEY)) as server:
        server.replies = [chat("Yes.", model="/srv/secret/fleet")]
        made_with = connect(server.url, model="/srv/secret/fleet").made_with
    assert made_with.model == "fleet"
    assert "secret" not in made_with.revision


# https


def make_certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "server.pem", folder / "server.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("There is no openssl here to make a certificate with.")
    return certificate, key


def test_a_certificate_has_to_be_trusted_and_a_fleet_can_name_its_own_authority(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    server = ChatServer(key=KEY)
    server.use_tls(certificate, key)
    with serving(server):
        url = f"https://localhost:{server.server_address[1]}"
        with pytest.raises(Unavailable, match="certificate"):
            connect(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert write(connect(url)) == "Your PIN is seventeen."
        with pytest.raises(Unavailable, match="certificate"):
            connect(url.replace("localhost", "127.0.0.1"))  # a name that the certificate does not carry


@pytest.mark.parametrize("named", ["missing.pem", "damaged.pem"])
def test_authorities_that_cannot_be_read_are_told_by_their_setting(
    server: ChatServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    (tmp_path / "damaged.pem").write_text("no certificate\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / named))
    with pytest.raises(Unavailable, match="SSL_CERT_FILE"):
        connect(server.url)


# Its place in an installation


def test_with_an_address_set_the_model_behind_it_writes(server: ChatServer) -> None:
    settings = Settings(summarizer_url=server.url, summarizer_key=KEY, writing_model=MODEL)
    summarizer: Any = ports(settings)["summarizer"]
    try:
        assert summarizer().write(INSTRUCTION, PASSAGE, max_words=25) == "Your PIN is seventeen."
        assert summarizer().made_with.model == MODEL
    finally:
        summarizer().close()


def test_no_weights_are_fetched_for_a_model_behind_an_address() -> None:
    here = Settings()
    there = Settings(summarizer_url="http://vllm:8000")
    assert set(wanted_models(here)) - set(wanted_models(there)) == {here.writing_model}


def test_no_model_is_none_with_an_address_too() -> None:
    summarizer: Any = ports(Settings(summarizer_url="http://vllm:8000", writing_model="none"))["summarizer"]
    assert summarizer().made_with.model == NO_MODEL


def test_the_key_is_not_in_what_settings_print() -> None:
    assert KEY not in repr(Settings(summarizer_key=KEY))
