"""Every setting of On Record, each with its default and its unit: the one reader of the environment.

A setting is an environment variable with the prefix ``ONRECORD_``. One that is not known is refused, because a
misspelt setting that is silently ignored is found out at the worst time. A file in ``/run/secrets``, or in
``/run/secrets/onrecord``, that is named as a setting (``onrecord_master_key``) is that setting too; the environment
goes before it.
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
SECRETS = (Path("/run/secrets"), Path("/run/secrets/onrecord"))
"""Where containers are given their secrets, each in a file: Docker's folder, and one of our own for where others mount
theirs beneath Docker's."""
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
    host: str = Field(default="127.0.0.1", description="Address on which the pages and a worker's figures are served.")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="Port of the pages; 0 takes any. Where it is taken, `onrecord up` takes the next.",
    )
    proxies: str | None = Field(
        default=None,
        pattern=r"^[0-9a-fA-F.:/, ]+$",
        description="Addresses or networks of proxies before the pages, apart by commas, whose X-Forwarded-For says "
        "who asks; without it all who come by a proxy count as one.",
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
    oidc_desk: str | None = Field(
        default=None, description="The same for the desk: who answers requests; see `onrecord people`."
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
    zone: str = Field(
        default="UTC",
        description="Time zone of the company, such as Europe/Berlin, in which the days of requests are counted.",
    )
    holidays: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
        description="Country whose holidays are no working days, or a part of it (ISO 3166): DE-BE, GB-ENG; if not "
        "set, none are known.",
    )
    complaints_to: str = Field(
        default="the data protection authority of your country",
        min_length=1,
        max_length=500,
        description="Where people may complain about an answer to a request, as it is written to them.",
    )
    largest_file_mb: int = Field(
        default=25, ge=1, le=1000, description="Megabytes of a file that somebody may add to a record."
    )
    largest_recording_mb: int = Field(
        default=250, ge=1, le=10000, description="The same for somebody's own recording of a call."
    )
    largest_call_mb: int = Field(
        default=2000, ge=1, le=100_000, description="The same for a recording that a telephony system hands over."
    )
    free_disk_mb: int = Field(
        default=1000,
        ge=0,
        description="Megabytes that stay free on the disks of recordings, data and scratch files: with less, nothing "
        "new is accepted (503).",
    )
    most_waiting: int = Field(
        default=200_000, ge=1, description="Calls that may wait for a worker: with more, nothing new is accepted (503)."
    )
    fetch_allow: str = Field(
        default="",
        description="What may be reached besides https addresses of the public internet, apart by commas: hosts and "
        "networks (there http too), for recordings and events; and buckets such as s3://calls, for recordings.",
    )
    fetch_timeout_s: float = Field(default=600.0, ge=1, le=3000, description="Seconds for fetching one recording.")
    packages_days: int = Field(
        default=30, ge=1, le=365, description="Days for which a package can be taken; then it is destroyed."
    )
    events_days: int = Field(
        default=30,
        ge=4,
        le=3650,
        description="Days for which events that other systems are told of are kept, to be told again.",
    )
    intake_secrets: str | None = Field(
        default=None,
        repr=False,
        description="Who may announce recordings by Standard Webhooks at /intake/standard: NAME=whsec_…, apart by "
        "commas; a name may come twice while its secret changes.",
    )
    twilio_account: str | None = Field(
        default=None, description="Account SID of Twilio, whose recording callbacks come to /intake/twilio."
    )
    twilio_token: str | None = Field(
        default=None, repr=False, description="Its auth token, which signs them and opens recordings."
    )
    vonage_application: str | None = Field(
        default=None, description="Application id of Vonage, whose record events come to /intake/vonage."
    )
    vonage_secret: str | None = Field(
        default=None, repr=False, description="Signature secret of that account, which signs them."
    )
    vonage_private_key: str | None = Field(
        default=None, repr=False, description="That application's private key in PEM, which opens recordings."
    )
    connect_topics: str = Field(
        default="",
        description="SNS topics, apart by commas, that tell of recordings of Amazon Connect at /intake/connect.",
    )
    connect_key: str | None = Field(
        default=None,
        min_length=SHORTEST_SECRET,
        repr=False,
        description="The same for EventBridge: what its API destination sends in the header x-api-key.",
    )
    genesys_secret: str | None = Field(
        default=None,
        repr=False,
        description="Secret that signs what comes to /intake/genesys, in the header X-Hub-Signature-256.",
    )
    vcon_keys: str | None = Field(
        default=None,
        description="Public keys or certificates in PEM, one after another, of those whose signed vCons are taken.",
    )
    vcon_signing_key: str | None = Field(
        default=None,
        repr=False,
        description="Key that signs vCons that go out: a private RSA key, then its certificate and those above it, in "
        "PEM; made in the data folder, with a certificate of its own, if not set.",
    )
    watch_folder: Path | None = Field(
        default=None, description="Folder that is watched: recordings and vCons in it are handed over and moved away."
    )
    watch_bucket: str | None = Field(
        default=None, description="Bucket, or a part of one, that is watched likewise: s3://…, gs://… or az://…"
    )
    watch_sender: str = Field(
        default="", max_length=64, description="Whose external ids these are: the name of the sender's API key."
    )
    watch_every_s: float = Field(
        default=5.0,
        ge=0.1,
        le=86400,
        description="Seconds between two looks; a file in the folder that stays alike for as long is whole.",
    )
    watch_marker: str | None = Field(
        default=None,
        pattern=r"^[.][A-Za-z0-9._-]{1,30}$",
        description="End of the names of files that say that another is whole, such as .done beside call.wav as "
        "call.wav.done; then only these count.",
    )
    watch_details: bool = Field(
        default=False, description="Whether each recording has its details beside it (NAME.json), which are waited for."
    )
    watch_keep: bool = Field(
        default=True,
        description="Whether what was accepted out of the folder is moved into its folder accepted; else it is "
        "removed.",
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
    keep: str = Field(
        default="",
        description="For how long what is kept: recording (the sound), record (everything) and packages, in days (d), "
        "months (m) or years (y) since the call, or since the package was made: recording=180d,record=3y for all "
        "calls, line:support:recording=90d for one line, with ; between. What is not named is kept.",
    )
    protect: str = Field(
        default="",
        description="What is done with what must not be shown, where the table of protection says otherwise: "
        "email=mask,phone=cut for all calls, line:support:email=keep for one line, with ; between.",
    )
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$",
        description="Where models run: auto (a GPU where there is one), cpu, cuda, or one of several GPUs, such as "
        "cuda:1.",
    )
    threads: int = Field(
        default_factory=lambda: min(8, os.cpu_count() or 1), ge=1, description="Processor threads a model may use."
    )
    lease_s: float = Field(
        default=60.0, ge=1, le=86400, description="Seconds after which the work of a silent worker is given to another."
    )
    max_attempts: int = Field(default=5, ge=1, description="How often a stage is tried before the call is failed.")
    fetch_patience_s: float = Field(
        default=21600.0,
        ge=0,
        description="Seconds for which a recording that was announced and is not there yet, or cannot be reached, is "
        "asked for again.",
    )
    grace_s: float = Field(
        default=15.0,
        ge=0,
        le=86400,
        description="Seconds in which a worker that is asked to stop (SIGTERM) may finish its stage; then it hands it "
        "back.",
    )
    memory_limit_mb: int | None = Field(
        default=None,
        ge=1,
        description="Megabytes of memory above which a worker is replaced by a fresh one after the stage it is at; no "
        "limit if not set.",
    )
    most_begun: int = Field(
        default=200,
        ge=1,
        description="Calls that are on their way at once, on all workers: as many have their decoded sound on scratch "
        "disks.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port on which a worker serves its figures to Prometheus, another for each of one machine; none if "
        "not set.",
    )
    metrics_open: bool = Field(
        default=False, description="Whether /metrics of the pages wants no key: for a network in which nobody else is."
    )
    traces_url: str | None = Field(
        default=None,
        description="Receiver of traces (OpenTelemetry, OTLP over HTTP) by its base address, such as "
        "http://collector:4318; needs the extra `tracing`.",
    )
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
        return Settings(_secrets_dir=[folder for folder in SECRETS if folder.is_dir()])  # type: ignore[call-arg]  # not in its types
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        raise Invalid(f"The setting {name} does not fit: {first['msg']}.") from None  # the value may be a secret
