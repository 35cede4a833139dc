"""Erasing a call on every store: nothing opens any more, the log still holds, and no store that was away is passed."""

from __future__ import annotations

import hashlib
import io
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.keys import KEYS
from tests.web.records import MADE_BY, short_call
from worker.core.arrival import Announced, Handover
from worker.core.call import CallDetails
from worker.core.dialogue.values import Act, Added, Annotation, KeptFile, WholeCall
from worker.core.errors import NotAllowed, NotFound, Unavailable
from worker.core.keeping.rules import KeepRules
from worker.core.keeping.values import Erased, KeptKind, LegalHold, Where, Why
from worker.core.log.entry import SYSTEM, Actor, EntryKind, Role
from worker.core.packages import Protection
from worker.core.requests.values import Asked, By, CameBy, RequestKind
from worker.intake.accept import Intake
from worker.intake.own_recording import accept_own_recording
from worker.jobs.scratch import Scratch
from worker.owed.daily_run import AGAIN_AFTER, Keeper
from worker.owed.erasing import Stores, erase_call
from worker.owed.receipts import in_words, to_json
from worker.record.people import Kind
from worker.record.sounds import SoundStore
from worker.record.store import Store

RECORDING = b"RIFF the sound of the call" * 20_000
LETTER = b"Dear Mr Price, the technician did not come."
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DETAILS = CallDetails(
    agent="Daniel Price",
    customer="Maria Lopez",
    external_id="4711",
    line="support",
    agent_address="daniel@example.com",
    customer_address="maria@example.net",
    started_at=datetime(2026, 3, 10, 9, 14, tzinfo=UTC),
)
OPERATOR = Actor(Role.OPERATOR, "op")


class Place:
    """An installation with a call in every store."""

    def __init__(self, folder: Path, store: Store, sounds: SoundStore) -> None:
        self.folder, self.store, self.sounds = folder, store, sounds
        self.stores = Stores(store, sounds, Scratch(folder / "scratch"))
        self.intake = Intake(store, sounds)
        self.call_id = self.ready(self.intake.accept(io.BytesIO(RECORDING), "maria.wav", Handover(DETAILS)).call_id)

    def ready(self, call_id: str) -> str:
        call = self.store.call(call_id)
        stage = call.standing.stage or ""
        assert self.store.begin(call_id, stage, worker="w", lease_s=60.0, now=datetime.now(UTC))
        record = replace(short_call(), recording=replace(short_call().recording, sha256=call.sound_id))
        self.store.finish(call_id, stage, worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
        copy = self.folder / "copy.flac"
        copy.write_bytes(b"fLaC the copy")
        self.sounds.put_copy(call_id, copy)
        self.sounds.put_peaks(call_id, b"[]")
        return call_id

    def fill(self) -> None:
        """What people added, asked for and were sent."""
        kept = self.stores.files.keep(self.call_id, io.BytesIO(LETTER))
        customer = Actor(Role.CUSTOMER, self.store.people.side(self.call_id, Role.CUSTOMER).id)
        file = KeptFile(kept.sha256, "letter.txt", "text/plain", kept.size_bytes)
        self.store.log.append(self.call_id, customer, Added("A letter.", None, file), by="Maria Lopez")
        self.store.log.append(self.call_id, customer, Annotation(Act.ADD, WholeCall(), "It leaked."), by="Maria Lopez")
        self.store.packages.ask([self.call_id], protection=Protection.CODE)
        self.store.people.outbox.put(
            "maria@example.net", subject="Your call", text=f"https://x/calls/{self.call_id}", now=NOW
        )
        (self.folder / "scratch" / f"{self.call_id}.0123456789abcdef").mkdir(parents=True)

    def erase(self, **options: object):
        given = {"why": Why.REQUEST, "by": OPERATOR, "name": "Olga", "stores": self.stores} | options
        return erase_call(self.call_id, **given)  # type: ignore[arg-type]

    def blobs(self) -> list[str]:
        return sorted(
            str(path.relative_to(self.folder / "sounds"))
            for path in (self.folder / "sounds").rglob("*")
            if path.is_file()
        )

    def rows(self, table: str) -> int:
        with self.store._database.reading() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


@pytest.fixture
def place(tmp_path: Path, store: Store, sound_store: SoundStore) -> Place:
    return Place(tmp_path, store, sound_store)


# What goes, and what stays


def test_after_it_nothing_of_the_call_is_left_in_any_store(place):
    place.fill()
    assert len(place.blobs()) == 4
    place.erase()
    assert place.blobs() == []
    for table in ("call_roles", "gists", "open_matters", "stage_runs", "search_lines", "sounds", "outbox"):
        assert place.rows(table) == 0, table
    assert not (place.folder / "scratch" / f"{place.call_id}.0123456789abcdef").exists()
    stored = place.store.call(place.call_id)
    assert stored.details == CallDetails(started_at=DETAILS.started_at, line="support")
    assert stored.legs[0].file_name == ""
    with pytest.raises(NotFound):
        place.store.record(place.call_id)


def test_a_customer_without_another_call_is_forgotten_and_the_agent_is_not(place):
    place.erase()
    assert place.store.people.find("daniel@example.com").name == "Daniel Price"
    with pytest.raises(NotFound):
        place.store.people.find("maria@example.net", Kind.CUSTOMER)


def test_a_customer_with_another_call_stays_who_they_are(place):
    other = replace(DETAILS, external_id="4712")
    place.intake.accept(io.BytesIO(b"RIFF another"), "b.wav", Handover(other))
    place.erase()
    assert place.store.people.find("maria@example.net", Kind.CUSTOMER).name == "Maria Lopez"


def test_the_log_still_holds_and_says_that_it_was_erased(place):
    place.fill()
    before = place.store.log.held(place.call_id)
    receipt = place.erase()
    report = place.store.log.audit()
    assert report.findings == ()
    assert report.erased == len(before)
    items = place.store.log.items(place.call_id)
    assert [item.content for item in items[:-1]] == [None] * len(before)
    assert items[-1].kind is EntryKind.ERASED
    assert items[-1].content == Erased(KeptKind.RECORD, Why.REQUEST, len(before), receipt.recordings)
    assert (items[-1].actor, items[-1].by) == (OPERATOR, "Olga")


def test_a_copy_of_the_folder_from_before_opens_nothing_with_the_database_of_after(place, tmp_path):
    place.fill()
    shutil.copytree(tmp_path / "sounds", tmp_path / "backup")
    place.erase()
    of_before = SoundStore(tmp_path / "backup", place.store.sound_keys)
    files = Stores(place.store, of_before).files
    letter = KeptFile(hashlib.sha256(LETTER).hexdigest(), "letter.txt", "text/plain", len(LETTER))
    for ask in (
        lambda: b"".join(of_before.read(place.call_id, 1)),
        lambda: of_before.fetch(place.call_id, 1, tmp_path / "out"),
        lambda: of_before.copy_size(place.call_id),
        lambda: of_before.read_peaks(place.call_id),
        lambda: b"".join(files.read(place.call_id, letter)),
    ):
        with pytest.raises(NotFound):
            ask()
    assert not of_before.exists(place.call_id, 1)


def test_the_files_of_sqlite_hold_no_key_of_it_any_more(tmp_path):
    """The rows are read before, as somebody who keeps them would; afterwards their bytes are in no file."""
    store = Store(f"sqlite:///{tmp_path / 'onrecord.db'}", KEYS)
    store.migrate()
    place = Place(tmp_path, store, SoundStore(tmp_path / "sounds", store.sound_keys))
    place.fill()
    with sqlite3.connect(tmp_path / "onrecord.db") as there:
        keys = [row[0] for row in there.execute("SELECT sealed FROM call_keys UNION ALL SELECT sealed FROM sounds")]
    there.close()
    assert len(keys) == 4
    place.erase()
    written = b"".join(path.read_bytes() for path in tmp_path.glob("onrecord.db*"))
    for key in keys:
        assert bytes(key) not in written
    for text in (b"Maria Lopez", b"maria@example.net", b"maria.wav"):
        assert text not in written
    store.close()


def test_the_recordings_that_a_side_made_of_it_go_with_it(place):
    call = place.store.call(place.call_id)
    own = accept_own_recording(io.BytesIO(b"RIFF mine"), "mine.wav", call, intake=place.intake).call_id
    place.ready(own)
    receipt = place.erase()
    assert receipt.calls == (place.call_id, own)
    assert place.blobs() == []
    assert len(receipt.recordings) == 2


def test_a_call_that_is_on_its_way_is_worked_no_further(place):
    call_id = place.intake.accept(io.BytesIO(b"RIFF new"), "n.wav").call_id
    assert place.store.begin(call_id, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))
    erase_call(call_id, why=Why.COMMAND, by=SYSTEM, name=None, stores=place.stores)
    value = {"value": "x", "made_by": MADE_BY[0], "next_stage": "listen"}
    assert not place.store.finish(call_id, "decode", worker="w", **value)
    copy = place.folder / "late.flac"
    copy.write_bytes(b"fLaC")
    before = place.blobs()
    with pytest.raises(NotFound):
        place.sounds.put_copy(call_id, copy)
    assert place.blobs() == before


def test_what_was_erased_does_not_come_back_by_being_sent_again(place):
    place.erase()
    again = place.intake.accept(io.BytesIO(RECORDING), "maria.wav", Handover(DETAILS))
    assert (again.call_id, again.is_new) == (place.call_id, False)
    assert place.blobs() == []
    assert place.store.call(place.call_id).details.customer is None


def test_the_path_under_which_a_recording_lay_in_a_bucket_is_not_kept(place):
    watched = place.store.watched
    watched.note("s3://calls", "+491701234567-maria.wav", "e1", now=NOW)
    assert watched.taken("s3://calls", ["+491701234567-maria.wav"]) == {"+491701234567-maria.wav": "e1"}
    assert place.rows("watched_objects WHERE path = ''") == 1


def test_the_sound_alone_can_go_and_what_was_written_of_it_stays(place):
    place.fill()
    receipt = place.erase(what=KeptKind.RECORDING)
    assert place.store.record(place.call_id).turns == short_call().turns
    assert not place.sounds.exists(place.call_id, 1)
    assert [name.partition("/")[0] for name in place.blobs()] == ["files"]
    assert place.store.log.items(place.call_id)[-1].content == Erased(
        KeptKind.RECORDING, Why.REQUEST, 0, receipt.recordings
    )
    assert Where.SEARCH not in receipt.destroyed


# The receipt


def test_the_receipt_says_what_went_where_and_what_goes_on_proving_it(place):
    place.fill()
    receipt = place.erase()
    assert receipt.missing == ()
    assert receipt.destroyed[Where.RECORDINGS] == {"pieces of sound, packages": 3, "added files": 1}
    assert receipt.destroyed[Where.PACKAGES] == {"packages": 1}
    assert receipt.destroyed[Where.OUTBOX] == {"letters": 1}
    assert receipt.destroyed[Where.DATABASE]["keys"] == 1
    proof = receipt.proof
    assert proof is not None
    held = place.store.log.held(place.call_id)
    assert (proof.entries, proof.last) == (len(held), held[-1].entry.hash.hex())
    assert place.store.log.latest_checkpoint().root.hex() == proof.root
    assert len(place.store.log.proofs(place.call_id, proof.size)) == len(held), "each is under that checkpoint"
    assert place.store.keeping.receipts(place.call_id) == (receipt,)
    for text in (in_words(receipt), to_json(receipt)):
        for word in ("Maria", "maria", "Daniel", "leak", "4711"):
            assert word not in text


def test_asked_again_it_gives_the_receipt_of_then(place):
    first = place.erase()
    assert place.erase() == first
    assert place.rows("erasures") == 1


def test_what_was_said_after_it_is_erased_too_when_it_is_asked_again(place):
    place.erase()
    place.store.log.append(place.call_id, SYSTEM, LegalHold(False, "my words"), by=None)
    place.erase()
    assert [item.content for item in place.store.log.items(place.call_id)[:-1]] == [None] * 4


# A store that does not answer


def away(*_given: object, **_more: object) -> None:
    raise Unavailable("It is away.")


CUTS = {
    Where.RECORDINGS: ("the store of recordings", lambda place: (place.sounds.blobs, "remove")),
    Where.SEARCH: ("the search index", lambda place: (place.store.search, "forget")),
    Where.PACKAGES: ("the packages", lambda place: (place.store.packages, "erase")),
    Where.DATABASE: ("the database", lambda place: (place.store.keeping, "removed_for_good")),
}


@pytest.mark.parametrize("where", CUTS)
def test_a_store_that_is_away_is_named_nothing_opens_and_asking_again_goes_on(place, monkeypatch, where):
    place.fill()
    name, cut = CUTS[where]
    with monkeypatch.context() as cut_off:
        cut_off.setattr(*cut(place), away)
        for _ in range(2):
            with pytest.raises(Unavailable, match=f"Not everything is erased: {name} did not answer"):
                place.erase()
    with pytest.raises(NotFound):
        place.store.record(place.call_id)
    (so_far,) = place.store.keeping.receipts(place.call_id)
    assert (so_far.ended_at, so_far.missing, so_far.proof) == (None, (where,), None)
    assert "NOT ENDED" in in_words(so_far)
    assert place.store.keeping.under_way() == ((place.call_id, KeptKind.RECORD, Why.REQUEST),)
    receipt = place.erase()
    assert receipt.ended_at is not None
    assert place.blobs() == []
    assert receipt.destroyed[Where.RECORDINGS] == {"pieces of sound, packages": 3, "added files": 1}
    assert place.store.keeping.under_way() == ()
    assert [item.kind for item in place.store.log.items(place.call_id)].count(EntryKind.ERASED) == 1


def test_a_bucket_that_is_cut_off_is_named(tmp_path, store):
    """A bucket at an address where nobody listens stands for a network that is down."""
    place = Place(tmp_path, store, SoundStore("memory:///", store.sound_keys))
    there = place.sounds.blobs
    cut_off = SoundStore("s3://bucket-that-is-away/x", store.sound_keys)
    from obstore.store import S3Store

    cut_off.blobs._store = S3Store(  # type: ignore[misc]  # with no time to wait
        "b",
        endpoint="http://127.0.0.1:1",
        access_key_id="a",
        secret_access_key="b",
        region="us-east-1",
        client_options={"allow_http": True, "connect_timeout": "200ms", "timeout": "500ms"},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )
    with pytest.raises(Unavailable, match="the store of recordings did not answer"):
        place.erase(stores=Stores(store, cut_off))
    assert len(list(there.names("sealed"))) == 3, "they are still there, and nobody can open them"
    assert place.erase().ended_at is not None
    assert list(there.names("sealed")) == []


def test_a_database_that_is_away_is_named_and_nothing_is_changed(place, monkeypatch):
    with monkeypatch.context() as cut_off:
        cut_off.setattr(place.store._database, "writing", away)
        with pytest.raises(Unavailable, match="the database did not answer"):
            place.erase()
    assert place.store.record(place.call_id)


# Legal holds


def test_a_legal_hold_stops_erasure_and_is_an_entry_and_so_is_its_end(place):
    keeping = place.store.keeping
    assert keeping.hold(place.call_id, "A claim is before the court.", by=OPERATOR, name="Olga", now=NOW)
    assert not keeping.hold(place.call_id, "Again.", by=OPERATOR, name="Olga", now=NOW)
    assert keeping.held() == {place.call_id: NOW}
    for what in (KeptKind.RECORD, KeptKind.RECORDING):
        with pytest.raises(NotAllowed, match="legal hold"):
            place.erase(what=what)
    assert place.store.record(place.call_id)
    assert keeping.release(place.call_id, "It was settled.", by=OPERATOR, name="Olga", now=NOW)
    assert not keeping.release(place.call_id, "Again.", by=OPERATOR, name="Olga", now=NOW)
    said = [one.content for one in place.store.log.items(place.call_id) if one.kind is EntryKind.HELD]
    assert said == [LegalHold(True, "A claim is before the court."), LegalHold(False, "It was settled.")]
    assert place.erase().ended_at is not None


def test_a_legal_hold_on_a_call_keeps_the_recordings_that_a_side_made_of_it(place):
    call = place.store.call(place.call_id)
    own = accept_own_recording(io.BytesIO(b"RIFF mine"), "mine.wav", call, intake=place.intake).call_id
    place.store.keeping.hold(place.call_id, "A claim.", by=OPERATOR, name="Olga", now=NOW)
    with pytest.raises(NotAllowed, match="legal hold"):
        erase_call(own, why=Why.REQUEST, by=OPERATOR, name="Olga", stores=place.stores)


def test_what_was_erased_cannot_be_held(place):
    place.erase()
    with pytest.raises(NotAllowed, match="nothing is left"):
        place.store.keeping.hold(place.call_id, "Too late.", by=OPERATOR, name=None, now=NOW)


# The daily run


def keeper(place: Place, rules: str, now: datetime = NOW) -> Keeper:
    return Keeper(place.stores, KeepRules.read(rules), lambda: now)


def test_what_was_kept_long_enough_goes_by_line_and_kind(place):
    of_sales = replace(DETAILS, external_id="4712", line="sales")
    sales = place.ready(place.intake.accept(io.BytesIO(b"RIFF sales"), "s.wav", Handover(of_sales)).call_id)
    ran = keeper(place, "recording=180d;line:sales:recording=1y").run()
    assert (ran.sounds_erased, ran.erased, ran.left) == (1, 0, [])
    assert not place.sounds.exists(place.call_id, 1)
    assert place.sounds.exists(sales, 1)
    assert place.store.record(place.call_id)
    said = place.store.log.items(place.call_id)[-1]
    assert (said.actor, said.content.why) == (SYSTEM, Why.RETENTION)
    ran = keeper(place, "record=8m").run()
    assert ran.erased == 2
    assert keeper(place, "record=8m").run().erased == 0


def test_nothing_goes_that_has_no_rule_or_whose_time_is_not_over(place):
    for rules in ("", "record=9m", "line:sales:record=1d"):
        ran = keeper(place, rules).run()
        assert (ran.erased, ran.sounds_erased) == (0, 0)
    assert place.store.record(place.call_id)


def test_a_legal_hold_stops_what_is_over(place):
    place.store.keeping.hold(place.call_id, "A claim.", by=OPERATOR, name=None, now=NOW)
    assert keeper(place, "record=1d,recording=1d").run().erased == 0
    place.store.keeping.release(place.call_id, "Settled.", by=OPERATOR, name=None, now=NOW)
    assert keeper(place, "record=1d,recording=1d").run().erased == 1


def test_what_somebody_asks_for_just_now_stays_until_it_is_answered(place):
    person = place.store.people.side(place.call_id, Role.CUSTOMER)
    asked = Asked(RequestKind.TRANSCRIPT, CameBy.HOME, person=person.id, call_id=place.call_id, is_proved=True)
    request = place.store.requests.ask(asked, now=NOW, by=By(Actor(Role.CUSTOMER, person.id), "Maria Lopez"))
    assert keeper(place, "record=1d,recording=1d").run().erased == 0
    place.store.requests.withdraw(request.id, by=By(Actor(Role.CUSTOMER, person.id), "Maria Lopez"), now=NOW)
    assert keeper(place, "record=1d").run().erased == 1


def test_what_somebody_asks_for_after_the_run_has_found_it_stays(place, monkeypatch):
    found = place.store.keeping.due(KeepRules.read("record=1d"), KeptKind.RECORD, now=NOW)
    assert found[0] == [place.call_id]
    person = place.store.people.side(place.call_id, Role.CUSTOMER)
    asked = Asked(RequestKind.TRANSCRIPT, CameBy.HOME, person=person.id, call_id=place.call_id, is_proved=True)
    place.store.requests.ask(asked, now=NOW, by=By(Actor(Role.CUSTOMER, person.id), "Maria Lopez"))
    monkeypatch.setattr(place.store.keeping, "due", lambda *_, **__: found)
    ran = keeper(place, "record=1d").run()
    assert (ran.erased, ran.left) == (0, [])
    assert place.store.record(place.call_id)
    place.erase()  # who decides on it erases it all the same


def test_packages_end_by_the_rule_of_their_line(place, monkeypatch):
    package = place.store.packages.ask([place.call_id], protection=Protection.CODE)
    with place.store._database.writing() as connection:
        ready = sa.text("UPDATE packages SET state = 'ready', ready_at = :at, due_at = NULL")
        at = (
            "2026-10-01 00:00:00.000000+00:00"
            if place.store._database.dialect == "postgresql"
            else "2026-10-01 00:00:00.000000"
        )
        connection.execute(ready, {"at": at})
    assert keeper(place, "packages=90d").run().packages_ended == 0
    assert keeper(place, "line:support:packages=30d").run().packages_ended == 1
    assert place.store.packages.of(package.id).ended_because is not None


def test_one_of_all_hosts_makes_the_run_of_a_day(place):
    assert keeper(place, "").run_if_due() is not None
    assert keeper(place, "", NOW + timedelta(hours=23)).run_if_due() is None
    assert keeper(place, "", NOW + timedelta(hours=25)).run_if_due() is not None


def test_a_run_that_left_something_is_made_again_in_an_hour_and_ends_it(place, monkeypatch):
    with monkeypatch.context() as cut_off:
        cut_off.setattr(place.sounds.blobs, "remove", away)
        ran = keeper(place, "record=1d").run_if_due()
    assert ran is not None
    assert "the store of recordings did not answer" in ran.left[0]
    again = keeper(place, "record=1d", NOW + AGAIN_AFTER).run_if_due()
    assert again is not None
    assert (again.erased, again.left) == (1, [])
    assert place.blobs() == []


def test_what_was_announced_and_never_came_is_erased_too(place):
    announced = Announced("https://pbx.example/a.wav?token=secret", "a.wav")
    call_id = place.store.accept(Handover(), announced, first_stage="decode").call_id
    receipt = erase_call(call_id, why=Why.COMMAND, by=SYSTEM, name=None, stores=place.stores)
    assert receipt.recordings == ()
    assert place.store.announced(call_id) == ()
    assert place.store.call(call_id).standing.stage is None
