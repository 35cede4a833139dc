"""Traces: each try of a stage as a span of OpenTelemetry, all of one call in one trace, whichever host it ran on.

The id of a call's trace follows from the call's id, so no host has to hand it to the next, and nothing of it travels
through the queue. A span names call, stage, attempt, how it ended and the kind of the error; never content. Needs the
extra ``tracing``; imported only where ONRECORD_TRACES_URL is set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from worker.core.errors import Invalid, Unavailable
from worker.jobs.observer import Job, Outcome, Watched

try:
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ModuleNotFoundError as error:
    raise Unavailable("What sends traces is missing. Install it: pip install 'onrecord[tracing]'") from error

PLACE_OF_TRACES = "/v1/traces"
TIMEOUT_S = 5.0

_call: ContextVar[str | None] = ContextVar("call of the span that is begun", default=None)


def trace_id(call_id: str) -> int:
    """The id of a call's trace, 128 bits: the same on every host, and none from which the call's id could be read."""
    return int.from_bytes(hashlib.sha256(f"onrecord trace {call_id}".encode()).digest()[:16])


class _IdsByCall(RandomIdGenerator):
    """Ids of spans are random; the id of a trace is that of the call whose span is being begun."""

    def generate_trace_id(self) -> int:
        call_id = _call.get()
        return super().generate_trace_id() if call_id is None else trace_id(call_id)

    def is_trace_id_random(self) -> bool:
        return False


class Traces:
    """Sends a span for each job, in batches and from a thread of its own: a receiver that is away holds up no work.

    ``worker`` names this process in each span. Raises Invalid for an address that is none.
    """

    def __init__(self, exporter: SpanExporter, *, worker: str, code_revision: str) -> None:
        about = {
            "service.name": "onrecord",
            "service.version": code_revision,
            "service.instance.id": worker,
        }
        self._provider = TracerProvider(
            resource=Resource.create(about), id_generator=_IdsByCall(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("onrecord")

    @contextmanager
    def job(self, job: Job, watched: Watched) -> Iterator[None]:
        """One span around the job. The job's own exception is not noted: its message may carry words of the call."""
        about: dict[str, str | int | bool] = {
            "onrecord.call": job.call_id,
            "onrecord.stage": job.stage,
            "onrecord.attempt": job.attempt,
            "onrecord.takeover": job.is_takeover,
        }
        token = _call.set(job.call_id)
        try:
            # In an empty context: each try is a root of its trace, for no host knows the span of another.
            span = self._tracer.start_span(job.stage, Context(), kind=SpanKind.CONSUMER, attributes=about)
        finally:
            _call.reset(token)
        try:
            yield
        finally:
            span.set_attribute("onrecord.outcome", watched.outcome)
            if watched.sound_s is not None:
                span.set_attribute("onrecord.sound_s", watched.sound_s)
            if watched.reason is not None:
                span.set_attribute("onrecord.reason", watched.reason)
            if watched.outcome in (Outcome.PUT_OFF, Outcome.FAILED, Outcome.BROKEN_OFF):
                span.set_status(Status(StatusCode.ERROR, watched.reason))
            span.end()

    def start(self) -> None:
        """Its thread runs from the first span on."""

    def stop(self) -> None:
        """Sends what was not sent yet, and ends."""
        self._provider.shutdown()


def traces_to(url: str, *, worker: str, code_revision: str) -> Traces:
    """Traces that go to a receiver of OTLP over HTTP, by its base address such as http://collector:4318."""
    if not url.startswith(("http://", "https://")):
        raise Invalid("ONRECORD_TRACES_URL is no address such as http://collector:4318.")
    exporter = OTLPSpanExporter(endpoint=url.rstrip("/") + PLACE_OF_TRACES, timeout=TIMEOUT_S)
    return Traces(exporter, worker=worker, code_revision=code_revision)
