"""What people say lies sealed: it opens with the installation's keys, at its own place, and not once it is erased."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import short_call
from worker.core.call import CallDetails
from worker.core.dialogue.values import Act, Added, Annotation, Looked, Way, WholeCall
from worker.core.errors import BrokenRecord, Invalid, NotFound, Unavailable
from worker.core.log.entry import Actor, Role
from worker.core.record import MadeBy
from worker.record.keys import Keys, decode_key
from worker.record.store import Store
from worker.record.tables.log import call_keys
from worker.record.vault import Vault, seal, unseal

ANN = Actor(Role.AGENT, "ann")
SECRET = "Rumpelstiltskin"
SAID = Annotation(Act.ADD, WholeCall(), f"My name is {SECRET}.")


@pytest.fixture
def call_id(store) -> str:
    accepted = hand_over(store, CallDetails(), sha256="0" * 64, file_name="a", size_bytes=1, first_stage="decode")
    return accepted.call_id


@pytest.fixture
def engine(store_url: str):
    """A way into the database past the store."""
    engine = sa.create_engine(sa.make_url(store_url.replace("postgresql:", "postgresql+psycopg:")))
    yield engine
    engine.dispose()


def alter(engine: sa.Engine, statement: str) -> None:
    """Changes what nobody may change, as somebody with all rights on the database can."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET session_replication_role = replica"))
        else:
            for name in connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars():
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        connection.execute(sa.text(statement))


def test_what_is_sealed_opens_at_its_own_place_alone():
    key = AESGCM(bytes(32))
    sealed = seal(key, b"plain", about="content a/1")
    assert unseal(key, sealed, about="content a/1") == b"plain"
    assert seal(key, b"plain", about="content a/1") != sealed, "twice the same does not look the same"
    for about in ("content a/2", "content b/1", ""):
        with pytest.raises(InvalidTag):
            unseal(key, sealed, about=about)
    with pytest.raises(InvalidTag):
        unseal(AESGCM(bytes([1]) * 32), sealed, about="content a/1")


def test_each_flipped_bit_is_seen():
    key = AESGCM(bytes(32))
    sealed = seal(key, b"plain", about="here")
    for bit in range(8 * len(sealed)):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidTag):
            unseal(key, bytes(flipped), about="here")


def test_the_key_of_a_call_opens_under_the_master_key_alone():
    vault = Vault(bytes(32))
    sealed = vault.make_key("key a/0")
    assert vault.make_key("key a/0") != sealed
    content = seal(vault.open_key(sealed, "key a/0"), b"x", about="c")
    assert unseal(Vault(bytes(32)).open_key(sealed, "key a/0"), content, about="c") == b"x"
    for other, place in ((Vault(bytes([1]) * 32), "key a/0"), (vault, "key b/0")):
        with pytest.raises(BrokenRecord, match="master key"):
            other.open_key(sealed, place)


def test_nothing_of_what_was_said_lies_in_the_clear(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'a.db'}", KEYS)
    store.migrate()
    details = CallDetails()
    call_id = hand_over(store, details, sha256="0" * 64, file_name="a", size_bytes=1, first_stage="publish").call_id
    store.log.append(call_id, ANN, SAID, by=f"{SECRET} Miller")
    store.begin(call_id, "publish", worker="w", lease_s=60, now=datetime.now(UTC))
    record = short_call()
    made = MadeBy("publish", None, "1", 0.0)
    store.finish(call_id, "publish", worker="w", value=record, made_by=made, next_stage=None)
    store.close()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert call_id.encode() in on_disk
    spoken = max((word.text for turn in record.turns for word in turn.words), key=len)
    assert len(spoken) > 6
    for clear in (SECRET, spoken, record.summary.statements[0].text):
        assert clear.encode() not in on_disk


def test_what_the_stages_gave_is_dropped_once_the_record_is_sealed(store):
    call_id = hand_over(
        store, CallDetails(), sha256="0" * 64, file_name="a", size_bytes=1, first_stage="decode"
    ).call_id
    for stage, value, following in (("decode", CallDetails(agent="A"), "publish"), ("publish", short_call(), None)):
        store.begin(call_id, stage, worker="w", lease_s=60, now=datetime.now(UTC))
        made = MadeBy(stage, "m", "1", 0.5)
        assert store.finish(call_id, stage, worker="w", value=value, made_by=made, next_stage=following)
        assert not store.finish(call_id, stage, worker="w", value=value, made_by=made, next_stage=following)
    for stage in ("decode", "publish"):
        with pytest.raises(NotFound):
            store.value(call_id, stage, CallDetails)
    assert store.made_by(call_id) == (MadeBy("decode", "m", "1", 0.5), MadeBy("publish", "m", "1", 0.5))
    assert store.begin(call_id, "publish", worker="twin", lease_s=60, now=datetime.now(UTC)) is None


def test_erasing_leaves_the_entries_and_nothing_of_what_they_said(store, call_id):
    store.log.append(call_id, ANN, SAID, by="Ann")
    before = [one.entry for one in store.log.held(call_id)]
    store.log.erase(call_id)
    assert [(item.by, item.content) for item in store.log.items(call_id)] == [(None, None)] * 2
    assert [(one.entry, one.salt, one.body) for one in store.log.held(call_id)] == [
        (entry, None, None) for entry in before
    ]
    with pytest.raises(NotFound):
        store.record(call_id)


def test_an_erased_key_lies_in_no_file_any_more(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'a.db'}", KEYS)
    store.migrate()
    accepted = [
        hand_over(store, CallDetails(), sha256=f"{number:064x}", file_name="a", size_bytes=1, first_stage="decode")
        for number in range(3)
    ]
    with store._database.reading() as connection:
        keys = {row.call_id: bytes(row.sealed) for row in connection.execute(sa.select(call_keys))}
    store.log.erase(accepted[1].call_id)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [keys[one.call_id] in files for one in accepted] == [True, False, True]
    store.close()


def test_what_is_said_after_an_erasure_is_kept_under_a_key_of_its_own(store, store_url, call_id):
    store.log.erase(call_id)
    store.log.append(call_id, ANN, Looked(Way.PAGE), by="Ann")
    store.log.append(call_id, ANN, SAID, by="Ann")
    again = Store(store_url, KEYS)
    assert [item.content for item in again.log.items(call_id)] == [None, Looked(Way.PAGE), SAID]
    again.log.erase(call_id)
    assert [item.content for item in store.log.items(call_id)] == [None] * 3, "this process had its key at hand"
    again.close()


def test_erasing_one_call_leaves_the_others(store, call_id):
    other = hand_over(store, CallDetails(), sha256="1" * 64, file_name="a", size_bytes=1, first_stage="decode").call_id
    store.log.erase(call_id)
    assert store.log.items(other)[0].content is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contents SET sealed = (SELECT sealed FROM contents WHERE number = 2) WHERE number = 1",
        "UPDATE contents SET sealed = (SELECT sealed FROM call_keys) WHERE number = 1",
        "DELETE FROM contents WHERE number = 1",
        "UPDATE entries SET content_hash = before WHERE number = 1",
        "UPDATE entries SET role = 'nobody' WHERE number = 1",
        "UPDATE entries SET number = -1 WHERE number = 0",
    ],
)
def test_what_was_altered_behind_the_log_is_not_read_as_if_it_were_true(store, engine, call_id, statement):
    store.log.append(call_id, ANN, SAID, by="Ann")
    store.log.append(call_id, ANN, Looked(Way.PAGE), by="Ann")
    alter(engine, statement)
    with pytest.raises(BrokenRecord) as caught:
        store.log.items(call_id)
    assert SECRET not in str(caught.value)


# The keys of an installation


def test_keys_are_made_once_and_readable_for_their_owner_alone(tmp_path):
    folder = tmp_path / "keys"
    keys = Keys.in_folder(folder, "example.com/log")
    assert Keys.in_folder(folder, "other.example.com/log") == keys, "the name is kept too"
    assert keys.origin == "example.com/log"
    files = [path for path in folder.iterdir() if path.suffix != ".lock"]
    assert {path.name for path in files} == {"log.name", "master.key", "signing.key"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *files))


def test_keys_that_are_given_are_taken_and_not_written_down(tmp_path):
    given = Keys.in_folder(tmp_path / "keys", "a/log", origin="b/log", master=bytes(32), signing=bytes([1]) * 32)
    assert given == Keys("b/log", bytes(32), bytes([1]) * 32)
    assert [path.name for path in (tmp_path / "keys").iterdir()] in ([], ["keys.lock"])


def test_keys_do_not_show_where_values_are_shown():
    assert re.fullmatch(r"Keys\(origin='log.example.com/tests'\)", repr(KEYS))


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "é"])
def test_what_is_no_key_is_named_and_not_shown(text, tmp_path):
    with pytest.raises(BrokenRecord, match="ONRECORD_MASTER_KEY") as caught:
        decode_key(text, of="ONRECORD_MASTER_KEY")
    assert not text or text not in str(caught.value)
    Keys.in_folder(tmp_path, "a/log")
    (tmp_path / "master.key").write_text(text)
    with pytest.raises(BrokenRecord, match=r"master\.key"):
        Keys.in_folder(tmp_path, "a/log")


@pytest.mark.parametrize("origin", ["", "two words", "a+b"])
def test_a_name_that_no_checkpoint_can_carry_is_refused(origin):
    with pytest.raises(Invalid):
        Keys.generate(origin)


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="keys"):
        Keys.in_folder(tmp_path / "file" / "keys", "a/log")


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        (Keys("other/log", KEYS.master, KEYS.signing), "ONRECORD_LOG_NAME"),
        (Keys(KEYS.origin, KEYS.signing, KEYS.signing), "ONRECORD_MASTER_KEY"),
        (Keys(KEYS.origin, KEYS.master, KEYS.master), "ONRECORD_SIGNING_KEY"),
    ],
    ids=["name", "master key", "signing key"],
)
def test_a_log_that_was_begun_under_other_keys_is_left_alone(store, store_url, call_id, keys, what):
    """Else a host without the right keys would seal what nobody can open, and sign what nobody can check."""
    other = Store(store_url, keys)
    with pytest.raises(BrokenRecord, match=what) as caught:
        other.migrate()
    assert keys.master.hex() not in str(caught.value)
    other.close()


def test_who_opens_content_with_another_master_key_is_told_what_to_restore(store, store_url, call_id):
    other = Store(store_url, Keys(KEYS.origin, os.urandom(32), KEYS.signing))
    with pytest.raises(BrokenRecord, match="ONRECORD_MASTER_KEY"):
        other.log.items(call_id)
    other.close()


def test_a_file_name_or_a_text_of_any_length_is_sealed_whole(store, call_id):
    long = Added(text="ü" * 4000)
    store.log.append(call_id, ANN, long, by="A" * 500)
    item = store.log.items(call_id)[1]
    assert (item.content, item.by) == (long, "A" * 500)
