"""What became of everything that was accepted: looked up by other means than the code that stored it.

The tables are read in plain SQL and the sound straight from the bucket, so that a fault of the store's code cannot hide
itself. The log is checked by what ``onrecord verify`` runs.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from obstore.store import S3Store

from scripts.proving.services import BUCKET
from worker.core.errors import CallError
from worker.record.sealed import open_all
from worker.record.sealed_sounds import opening
from worker.record.sound_keys import place
from worker.record.standing import CallState
from worker.record.store import Store


@dataclass(frozen=True)
class Told:
    """One recording of which its sender was told that it is accepted.

    ``call_id`` is what the sender was answered, where the way in answers one. Of one that cannot be had at the address
    that was announced (``is_out_of_reach``) there is no sound to keep.
    """

    sender: str
    external_id: str | None
    sha256: str
    call_id: str | None = None
    is_broken: bool = False
    is_out_of_reach: bool = False


@dataclass
class Outcome:
    """What an audit found. ``lost`` and ``doubled`` say of each what is wrong, in words without content."""

    accepted: int = 0
    records: int = 0
    failures: int = 0
    further_legs: int = 0
    failed_though_sound: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    entries: int = 0

    @property
    def verified(self) -> bool:
        """The log holds, in all its entries."""
        return not self.findings and self.entries > 0

    @property
    def holds(self) -> bool:
        """Nothing is lost, nothing is doubled, and the log verifies."""
        return not self.lost and not self.doubled and self.verified and self.accepted == self.records + self.failures


@dataclass(frozen=True)
class _Rows:
    """The tables as they are at the end."""

    same_as: dict[str, str | None]
    called: dict[tuple[str, str], list[str]]  # ids by sender and external id
    sender: dict[str, str]
    legs: dict[str, list[tuple[int, str | None]]]
    runs: dict[str, list[tuple[str, str]]]
    entries: dict[str, Counter[str]]
    sounds: dict[str, tuple[str, str]]  # of which call, and which leg, by their hash


def audit(
    told: Sequence[Told], *, store: Store, database_url: str, objects: tuple[str, int], since: str | None
) -> Outcome:
    """Looks for each recording that was accepted. ``since`` is a checkpoint of the log that was kept on the way."""
    rows = _read(database_url)
    found = Outcome()
    expected = _calls_of(told, rows, found)
    found.accepted = len(expected)
    _look_at_calls(expected, rows, store, found)
    _look_for_doubles(rows, set(expected), found)
    found.lost += _lost_sounds(told, rows, store, objects)
    report = store.log.audit(key=None, since=since)
    found.entries, found.findings = report.entries, [finding.sentence for finding in report.findings]
    return found


def _read(database_url: str) -> _Rows:
    with psycopg.connect(database_url) as connection:

        def all_of(select: str) -> list[tuple[Any, ...]]:
            return connection.execute(select).fetchall()

        called: dict[tuple[str, str], list[str]] = defaultdict(list)
        same_as, senders = {}, {}
        for call_id, sender, external_id, same in all_of("SELECT id, sender, external_id, same_as FROM calls"):
            same_as[call_id], senders[call_id] = same, sender
            called[sender, external_id].append(call_id)
        legs: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        for call_id, number, sha256 in all_of("SELECT call_id, number, sha256 FROM legs WHERE same_as IS NULL"):
            legs[call_id].append((number, sha256))
        runs: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for call_id, stage, state in all_of("SELECT call_id, stage, state FROM stage_runs"):
            runs[call_id].append((stage, state))
        entries: dict[str, Counter[str]] = defaultdict(Counter)
        for call_id, kind in all_of("SELECT call_id, kind FROM entries"):
            entries[call_id][kind] += 1
        sounds = {
            sha256: (call_id, what) for call_id, what, sha256 in all_of("SELECT call_id, what, sha256 FROM sounds")
        }
    return _Rows(same_as, called, senders, legs, runs, entries, sounds)


def _calls_of(told: Iterable[Told], rows: _Rows, found: Outcome) -> dict[str, list[Told]]:
    """The calls that were accepted, each with what was told of it. What cannot be found is lost."""
    by_sound: dict[tuple[str, str], list[str]] = defaultdict(list)
    for call_id, legs in rows.legs.items():
        if rows.same_as[call_id] is None:
            for _, sha256 in legs:
                if sha256 is not None:
                    by_sound[rows.sender[call_id], sha256].append(call_id)
    expected: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        where = _find(one, rows, by_sound)
        if where is None:
            found.lost.append(f"{one.sender}: what was accepted is in no call")
        else:
            expected[where].append(one)
    return expected


def _find(one: Told, rows: _Rows, by_sound: dict[tuple[str, str], list[str]]) -> str | None:
    """The call that has this recording now; of one that cannot be had, the call of its external id."""
    if one.call_id is not None and one.call_id not in rows.same_as:
        return None
    with_sound = by_sound.get((one.sender, one.sha256), [])
    if with_sound:
        return with_sound[0]
    if one.is_out_of_reach and one.external_id is not None:
        ids = rows.called.get((one.sender, one.external_id), [])
        return ids[0] if ids else None
    return None


def _look_at_calls(expected: dict[str, list[Told]], rows: _Rows, store: Store, found: Outcome) -> None:
    """Each call that was accepted is one record or one failure that is shown, with its sound."""
    failed = {call.id: call for call in store.calls(state=CallState.FAILED, limit=len(expected))}
    for call_id, told in expected.items():
        open_runs = [state for _, state in rows.runs[call_id] if state != "done"]
        if not open_runs:
            found.records += 1
            try:
                store.record(call_id)
            except CallError as error:
                found.lost.append(f"{call_id}: it is ready, and its record cannot be read ({type(error).__name__})")
            if any(one.is_broken or one.is_out_of_reach for one in told):
                found.lost.append(f"{call_id}: a recording that is none became a record")
        elif open_runs == ["failed"] and call_id in failed:
            found.failures += 1
            standing = failed[call_id].standing
            found.reasons[standing.reason or "none"] += 1
            if not standing.message or not standing.reason:
                found.lost.append(f"{call_id}: it failed and does not say why")
            found.failed_though_sound += not any(one.is_broken or one.is_out_of_reach for one in told)
        else:
            stages = [stage for stage, state in rows.runs[call_id] if state != "done"]
            found.lost.append(f"{call_id}: it neither is a record nor failed; {open_runs} at {stages}")
        found.further_legs += len({one.sha256 for one in told}) - 1


def _look_for_doubles(rows: _Rows, expected: Collection[str], found: Outcome) -> None:
    """No recording is in two calls of its sender, no call has two records, and none is there that nobody accepted."""
    seen: dict[tuple[str, str], str] = {}
    for call_id, legs in rows.legs.items():
        if rows.same_as[call_id] is not None:
            continue
        arrived = [sha256 for _, sha256 in legs if sha256 is not None]
        for sha256 in arrived:
            other = seen.setdefault((rows.sender[call_id], sha256), call_id)
            if other != call_id:
                found.doubled.append(f"{call_id}: its recording is in {other} too")
        if len(arrived) != len(set(arrived)):
            found.doubled.append(f"{call_id}: it has one recording twice")
        kinds = rows.entries[call_id]
        is_ready = all(state == "done" for _, state in rows.runs[call_id])
        if kinds["made"] != is_ready:
            found.doubled.append(
                f"{call_id}: {kinds['made']} records in the log of a call that {'is' * is_ready} ready"
            )
        if kinds["received"] != len(arrived):
            found.doubled.append(f"{call_id}: {len(arrived)} recordings, {kinds['received']} entries of one received")
        if call_id not in expected:
            found.doubled.append(f"{call_id}: a call that nobody was told of")


def _lost_sounds(told: Iterable[Told], rows: _Rows, store: Store, objects: tuple[str, int]) -> Iterator[str]:
    """Recordings that were accepted and are not in the store as they arrived: what lies there is opened here."""
    host, port = objects
    bucket = S3Store(
        BUCKET,
        endpoint=f"http://{host}:{port}",
        access_key_id="proof",
        secret_access_key="proof",  # noqa: S106 -- of a server that lives as long as this proof
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    for sha256 in sorted({one.sha256 for one in told if not one.is_out_of_reach}):
        kept = store.sound_keys.find(*rows.sounds[sha256]) if sha256 in rows.sounds else None
        try:
            sealed = b"" if kept is None else bytes(bucket.get(place(kept.sealed.name)).bytes())
            content = b"" if kept is None else b"".join(open_all(iter([sealed]), opening(kept.sealed)))
        except (FileNotFoundError, CallError):
            content = b""
        if hashlib.sha256(content).hexdigest() != sha256:
            yield f"the sound {sha256[:12]}… is not kept as it arrived"
