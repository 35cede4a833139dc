"""Puts the parts together: the only module that knows all of them, used by the command line alone.

Everything here is lazy: a host that serves pages never loads a model, and a model is loaded when the first call needs
it and then stays for as long as its process.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TypeVar
from urllib.parse import urlsplit

from filelock import FileLock
from redis import Redis
from redis.exceptions import RedisError

from models.catalogue import find
from models.weights import locate, read_revision
from worker.core.dialogue.values import CONTENT_OF
from worker.core.errors import BrokenModel, BrokenRecord, Invalid, Unavailable
from worker.core.evidence import NO_MODEL
from worker.core.ports import Diarizer, Entailment, Load, MadeWith, Summarizer, Transcriber, VoiceDetector
from worker.exchange.sending import MailServer, Sending, Webhook
from worker.jobs import JobQueue, Work
from worker.record.keys import Keys, decode_key, kept_once
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.record.values import prepare
from worker.redis_server import EmbeddedRedis
from worker.settings import SHORTEST_SECRET, Settings
from worker.web.hand_over import HandOver
from worker.web.parts import THIS_MACHINE, Parts
from worker.web.single_sign_on import SingleSignOn

A = TypeVar("A")

SPEECH_THRESHOLD = 0.35
"""Below the detector's own 0.5: with that, 4.5 s of 26 s of a quiet party's digits were lost, with this 1.8 s, for
1.4 s of music more in five minutes of it."""


def code_revision() -> str:
    """What made a stage that asks no model: this package at its version."""
    return f"onrecord {version('onrecord')}"


@dataclass(frozen=True)
class Installation:
    """One On Record, as its settings describe it."""

    settings: Settings

    @cached_property
    def store(self) -> Store:
        """The database, brought to the newest form of its tables."""
        return self._open_store()

    def store_to_check(self) -> Store:
        """The database as it stands in its newest form, with nothing written into its log."""
        return self._open_store(take_in=False)

    def _open_store(self, *, take_in: bool = True) -> Store:
        self._make_data_dir()
        store = Store(self.settings.database, self._keys())
        store.migrate(take_in=take_in)
        return store

    def _keys(self) -> Keys:
        """The keys of the log: those of the settings, else those that were made once in the data folder."""
        settings = self.settings
        host = urlsplit(settings.public_url).hostname if settings.public_url else None
        return Keys.in_folder(
            settings.data_dir / "keys",
            f"{host or 'onrecord.local'}/log",
            origin=settings.log_name,
            master=decode_key(settings.master_key, of="ONRECORD_MASTER_KEY") if settings.master_key else None,
            signing=decode_key(settings.signing_key, of="ONRECORD_SIGNING_KEY") if settings.signing_key else None,
        )

    def _make_data_dir(self) -> None:
        try:
            self.settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"The data folder cannot be made: {error.strerror}. Set ONRECORD_DATA_DIR.") from error

    @cached_property
    def sounds(self) -> SoundStore:
        """Where recordings are kept."""
        return SoundStore(self.settings.sounds)

    @property
    def run_dir(self) -> Path:
        """Folder of what lives only as long as `onrecord up`: the embedded queue's socket, logs."""
        return self.settings.data_dir / "run"

    def embedded_redis(self) -> EmbeddedRedis:
        """The queue server of our own, not yet started."""
        return EmbeddedRedis(self.run_dir)

    def queue(self) -> JobQueue:
        """The queue. Raises Unavailable, saying what to do, if there is none to reach."""
        url = self.settings.redis_url or EmbeddedRedis.find(self.run_dir)
        if url is None:
            raise Unavailable("No queue is running here. Start `onrecord up`, or set ONRECORD_REDIS_URL.")
        try:
            redis = Redis.from_url(url)
            redis.ping()
        except ValueError as error:
            raise Invalid("ONRECORD_REDIS_URL is no address such as redis://host:6379/0.") from error
        except RedisError as error:
            raise Unavailable("The queue (Redis) of ONRECORD_REDIS_URL does not answer. Is it running?") from error
        return JobQueue(redis, self.settings.queue)

    def queue_if_any(self) -> JobQueue | None:
        """The queue, or None while it cannot be reached: a call is accepted without it and worked later."""
        with suppress(Unavailable):
            return self.queue()
        return None

    def work(self) -> Work:
        """What a worker process needs to run stages."""
        return Work(
            store=self.store,
            sounds=self.sounds,
            queue=self.queue(),
            ports=ports(self.settings),
            scratch=self.settings.scratch,
            worker=f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}",  # a container's pid comes again
            code_revision=code_revision(),
            lease_s=self.settings.lease_s,
            max_attempts=self.settings.max_attempts,
        )

    def parts(self, *, base_url: str | None = None) -> Parts:
        """What the pages work with, reached under this address or that of the settings. Raises Invalid."""
        prepare(*CONTENT_OF.values())  # 0.1 s, which the first page would else take longer
        settings = self.settings
        base = (base_url or settings.base_url).rstrip("/")
        return Parts(
            store=self.store,
            sounds=self.sounds,
            secret=self._link_secret(),
            base_url=base,
            invited_for=timedelta(days=settings.link_days),
            sending=sending(settings),
            hand_over=HandOver(settings.handover_key, audience=base) if settings.handover_key else None,
            single_sign_on=single_sign_on(settings, base),
            reviewers=settings.oidc_reviewers,
            operators=settings.oidc_operators,
            agents=settings.oidc_agents,
            is_for_others=settings.public_url is not None or settings.host not in THIS_MACHINE,
            largest_file=settings.largest_file_mb * 1_000_000,
            largest_recording=settings.largest_recording_mb * 1_000_000,
        )

    def _link_secret(self) -> str:
        """The secret of the settings, else one made once and kept readable for its owner only."""
        if self.settings.link_secret:
            return self.settings.link_secret
        path = self.settings.data_dir / "link.secret"
        self._make_data_dir()
        with FileLock(path.with_suffix(".lock")):
            secret = kept_once(path, secrets.token_urlsafe(48).encode()).decode(errors="replace")
        if len(secret) < SHORTEST_SECRET:
            raise BrokenRecord(f"The secret that signs links is damaged. Remove {path}; links made before end with it.")
        return secret


def sending(settings: Settings) -> Sending:
    """The ways of sending that are set. Raises Invalid for a half of one."""
    if (settings.webhook_url is None) != (settings.webhook_secret is None):
        raise Invalid("ONRECORD_WEBHOOK_URL and ONRECORD_WEBHOOK_SECRET are set together.")
    return Sending(
        mail=MailServer(settings.smtp_url, sender=settings.mail_from) if settings.smtp_url else None,
        webhook=Webhook(settings.webhook_url, settings.webhook_secret)
        if settings.webhook_url and settings.webhook_secret
        else None,
    )


def single_sign_on(settings: Settings, base: str) -> SingleSignOn | None:
    """The company's own sign-in, where it is set. Raises Invalid for a half of it."""
    if (settings.oidc_issuer is None) != (settings.oidc_client_id is None):
        raise Invalid("ONRECORD_OIDC_ISSUER and ONRECORD_OIDC_CLIENT_ID are set together.")
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    return SingleSignOn(
        settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        redirect_uri=f"{base}/sign-in/company/back",
    )


def ports(settings: Settings) -> dict[str, object]:
    """A loader for each model port of the stages. The scratch folder, a port too, is each call's own."""
    summarizer = _once(lambda: _summarizer(settings))
    return {
        "voice_detector": _once(_voice_detector),
        "transcriber": _once(lambda: _transcriber(settings)),
        "diarizer": _once(lambda: _diarizer(settings)),
        "summarizer": summarizer,
        "entailment": _once(lambda: _entailment(summarizer())),
    }


def _once(build: Callable[[], A]) -> Load[A]:
    """A loader that builds its adapter the first time and gives the same one ever after, from any thread."""
    lock = Lock()
    built = cache(build)

    def load() -> A:
        with lock:
            return built()

    return load


def model_folder(settings: Settings, name: str) -> Path:
    """Where a model lies: as the catalogue's name says, or in the folder of the operator's own that is named."""
    return Path(name) if _is_own(name) else locate(find(name), models_dir=settings.models_dir)


def _made_with(settings: Settings, *names: str) -> MadeWith:
    return MadeWith(
        " + ".join(Path(name).name for name in names),
        " + ".join(
            "operator's folder" if _is_own(name) else read_revision(find(name), models_dir=settings.models_dir)
            for name in names
        ),
    )


def _is_own(name: str) -> bool:
    return "/" in name


def _voice_detector() -> VoiceDetector:
    from models.voice_detector import SileroVoiceDetector

    return SileroVoiceDetector(threshold=SPEECH_THRESHOLD)


def _transcriber(settings: Settings) -> Transcriber:
    from models.devices import pick_device
    from models.transcriber import WhisperTranscriber

    device = pick_device(settings.device)
    return WhisperTranscriber(
        model_folder(settings, settings.speech_model),
        made_with=_made_with(settings, settings.speech_model),
        device=device,
        compute_type="float16" if device == "cuda" else "int8",
        threads=settings.threads,
    )


def _diarizer(settings: Settings) -> Diarizer:
    from models.devices import pick_device
    from models.diarizer import PyannoteDiarizer, PyannotePipelineDiarizer

    if settings.diarization_model:
        return PyannotePipelineDiarizer(
            model_folder(settings, settings.diarization_model),
            made_with=_made_with(settings, settings.diarization_model),
            device=pick_device(settings.device),
            threads=settings.threads,
        )
    return PyannoteDiarizer(
        model_folder(settings, settings.segmentation_model),
        model_folder(settings, settings.voices_model),
        made_with=_made_with(settings, settings.segmentation_model, settings.voices_model),
        device=pick_device(settings.device),
        threads=settings.threads,
    )


def _summarizer(settings: Settings) -> Summarizer:
    from models.devices import pick_device
    from models.summarizer import ExtractiveSummarizer, load_summarizer

    if settings.writing_model == NO_MODEL:
        return ExtractiveSummarizer()
    if settings.summarizer_url:
        from models.remote_summarizer import RemoteSummarizer

        return RemoteSummarizer(settings.summarizer_url, model=settings.writing_model, key=settings.summarizer_key)
    return load_summarizer(
        model_folder(settings, settings.writing_model),
        made_with=_made_with(settings, settings.writing_model),
        device=pick_device(settings.device),
        threads=settings.threads,
    )


def _entailment(summarizer: Summarizer) -> Entailment:
    """The model that writes also reads: it is there, and no smaller one is known to read better."""
    from models.entailment import AnsweredEntailment, NoEntailment, ScoredEntailment
    from models.instructed_model import InstructedModel
    from models.summarizer import ExtractiveSummarizer

    if isinstance(summarizer, ExtractiveSummarizer):
        return NoEntailment()
    return ScoredEntailment(summarizer) if isinstance(summarizer, InstructedModel) else AnsweredEntailment(summarizer)


def is_fetched(settings: Settings, name: str) -> bool:
    """The model of this catalogue name is in the models folder."""
    try:
        locate(find(name), models_dir=settings.models_dir)
    except BrokenModel:
        return False
    return True


def wanted_models(settings: Settings) -> tuple[str, ...]:
    """Catalogue names of the models that run here; an operator's own folder is not fetched."""
    pair = (settings.segmentation_model, settings.voices_model)
    voices = (settings.diarization_model,) if settings.diarization_model else pair
    writing = () if settings.summarizer_url else (settings.writing_model,)
    used = (settings.speech_model, *voices, *writing)
    return tuple(name for name in used if name != NO_MODEL and not _is_own(name))
