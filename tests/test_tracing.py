"""Traces through a call: one trace a call, whichever worker ran a stage, and nothing in it that a call says."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tests.installation import Installation
from worker.core.errors import Invalid
from worker.jobs.observer import Job, Outcome, watched
from worker.logs import configure_logs
from worker.record.standing import CallState
from worker.stages import STAGES
from worker.watching.metrics import Metrics
from worker.watching.tracing import Traces, trace_id, traces_to

CALL, OTHER_CALL = "0a1b2c3d4e5f6a7b", "1a1b2c3d4e5f6a7b"


def spans_of(*jobs: tuple[Job, Outcome, str | None], worker: str = "host-a.1") -> tuple[ReadableSpan, ...]:
    """What one worker sends of these jobs, each ended so."""
    exporter = InMemorySpanExporter()
    traces = Traces(exporter, worker=worker, code_revision="onrecord test")
    for job, outcome, reason in jobs:
        with watched([traces], job) as seen:
            seen.sound_s = 60.0
            seen.ended(outcome, reason=reason)
    traces.stop()
    return exporter.get_finished_spans()


def test_the_stages_of_a_call_are_spans_of_one_trace_whichever_worker_ran_them() -> None:
    (decode,) = spans_of((Job(CALL, "decode", 1), Outcome.DONE, None), worker="host-a.1")
    transcribe, other = spans_of(
        (Job(CALL, "transcribe", 1), Outcome.DONE, None),
        (Job(OTHER_CALL, "transcribe", 1), Outcome.DONE, None),
        worker="host-b.1",
    )
    assert decode.context.trace_id == transcribe.context.trace_id == trace_id(CALL)
    assert other.context.trace_id == trace_id(OTHER_CALL) != trace_id(CALL)
    assert decode.context.span_id != transcribe.context.span_id
    assert (decode.resource.attributes["service.instance.id"], decode.name) == ("host-a.1", "decode")
    assert transcribe.resource.attributes["service.instance.id"] == "host-b.1"


def test_a_span_names_call_stage_attempt_and_how_it_ended_and_nothing_else() -> None:
    (span,) = spans_of((Job(CALL, "transcribe", 3, is_takeover=True), Outcome.PUT_OFF, "Unavailable"))
    assert dict(span.attributes or {}) == {
        "onrecord.call": CALL,
        "onrecord.stage": "transcribe",
        "onrecord.attempt": 3,
        "onrecord.takeover": True,
        "onrecord.outcome": "put_off",
        "onrecord.reason": "Unavailable",
        "onrecord.sound_s": 60.0,
    }
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "Unavailable")


def test_an_error_that_goes_through_leaves_none_of_its_words_in_the_span() -> None:
    exporter = InMemorySpanExporter()
    traces = Traces(exporter, worker="host-a.1", code_revision="onrecord test")
    with pytest.raises(ValueError, match="Maria said"), watched([traces], Job(CALL, "decode", 1)):
        raise ValueError("Maria said: my card is 4111")
    traces.stop()
    (span,) = exporter.get_finished_spans()
    assert (span.attributes or {})["onrecord.outcome"] == "broken_off"
    assert "Maria" not in span.to_json()
    assert span.events == ()


def test_a_call_that_two_workers_work_is_one_trace_and_each_tells_its_own_speed(
    installation: Installation, recording: Path
) -> None:
    """The real way of a call with real stores and fake models: the first worker decodes, the second does the rest."""
    spans: list[ReadableSpan] = []
    figures = Metrics("127.0.0.1", 0)
    call_id = installation.accept(recording)
    for worker, stages in (("host-a.1", STAGES[:1]), ("host-b.1", STAGES[1:])):
        exporter = InMemorySpanExporter()
        traces = Traces(exporter, worker=worker, code_revision="onrecord test")
        work = installation.work(worker=worker, observers=(figures, traces))
        for stage in stages:
            work.run(call_id, stage.name)
        traces.stop()
        spans += exporter.get_finished_spans()
    assert installation.store.call(call_id).standing.state is CallState.READY
    assert [span.name for span in spans] == [stage.name for stage in STAGES]
    assert {span.context.trace_id for span in spans} == {trace_id(call_id)}
    assert {(span.attributes or {})["onrecord.outcome"] for span in spans} == {"done"}
    assert [span.resource.attributes["service.instance.id"] for span in spans][:2] == ["host-a.1", "host-b.1"]
    for stage in ("decode", "transcribe", "publish"):
        sound_s = figures.registry.get_sample_value("onrecord_stage_sound_seconds_total", {"stage": stage})
        assert sound_s == pytest.approx(6.0), "a call of six seconds"


def test_each_line_of_the_log_names_call_stage_and_attempt(
    installation: Installation, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info")
    try:
        work = installation.work()
        call_id = installation.accept(recording)
        capsys.readouterr()
        work.run(call_id, "decode")
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    finally:
        structlog.reset_defaults()
    assert [line["event"] for line in lines] == ["stage.began", "stage.done"]
    assert {(line["call"], line["stage"], line["attempt"]) for line in lines} == {(call_id, "decode", 1)}


class Receiver(ThreadingHTTPServer):
    """A receiver of OTLP over HTTP on this machine; ``got`` is what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[ExportTraceServiceRequest] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append(request)
        self.server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_real_receiver_gets_the_spans_by_otlp_over_http(receiver: Receiver) -> None:
    traces = traces_to(f"{receiver.url}/", worker="host-a.1", code_revision="onrecord test")
    with watched([traces], Job(CALL, "decode", 1)) as seen:
        seen.ended(Outcome.DONE)
    traces.stop()
    (request,) = receiver.got
    (span,) = request.resource_spans[0].scope_spans[0].spans
    assert receiver.paths == ["/v1/traces"]
    assert (span.name, span.trace_id) == ("decode", trace_id(CALL).to_bytes(16))
    assert span.end_time_unix_nano >= span.start_time_unix_nano


def test_a_receiver_that_is_away_holds_up_neither_the_work_nor_its_end(caplog: pytest.LogCaptureFixture) -> None:
    with Receiver() as gone:
        url = gone.url
    traces = traces_to(url, worker="host-a.1", code_revision="onrecord test")
    began = time.monotonic()
    with watched([traces], Job(CALL, "decode", 1)) as seen:
        seen.ended(Outcome.DONE)
    assert time.monotonic() - began < 1.0
    with caplog.at_level(logging.CRITICAL):
        traces.stop()
    assert time.monotonic() - began < 15.0


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="ONRECORD_TRACES_URL"):
        traces_to("collector:4318", worker="host-a.1", code_revision="onrecord test")
