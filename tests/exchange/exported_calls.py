"""Calls as hypothesis makes them up, with everything that can be said of one, for what goes out and comes in again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.web.records import record_of, said, short_call
from worker.core.call import CallDetails, Direction, LawfulBasis, Party
from worker.core.dialogue.reading import read_dialogue
from worker.core.dialogue.values import Item
from worker.core.protection import Action, Cut, Kind, token
from worker.core.record import CallRecord, Leg
from worker.core.transcript import Hold, Layout, Participant, SoundKind, Turn, Word
from worker.exchange.vcon import InlineSound, Material
from worker.exchange.web_annotation import Addresses

NOW = datetime(2026, 3, 12, 9, 30, 0, 123456, tzinfo=UTC)
RECEIVED = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
ADDRESSES = Addresses("https://r.example/calls/c", "https://r.example/calls/c/sound", "https://r.example/calls/c/notes")
SOUND = InlineSound(b"RIFF\x00\xff\xfe some sound of a call", "audio/x-wav", "call.wav")

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
"""Anything that people or machines may write: other directions, markup, lines, signs that are none."""

NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cn", "Co", "Cf")), min_size=1).map(
    lambda text: text[:200]
)
IDS = NAMES.map(lambda text: text[:64])
ADDRESS = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
    st.from_regex(r"[a-z0-9!#$%&*+/=?^_`{|}~-]{1,20}@[a-z0-9]{1,10}\.[a-z]{2,5}", fullmatch=True),
    st.from_regex(r"[äöüß例]{1,5}@[a-z]{1,8}\.[a-z]{2,5}", fullmatch=True),
)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@st.composite
def details(draw: st.DrawFn) -> CallDetails:
    """All that can be said of a call, each of it or not."""
    zone = draw(st.none() | ZONES)
    began = draw(st.none() | st.datetimes(datetime(1901, 1, 2), datetime(9000, 1, 1), timezones=OFFSETS))
    return CallDetails(
        agent=draw(st.none() | NAMES),
        customer=draw(st.none() | NAMES),
        started_at=began if zone is None or began is None else began.astimezone(ZoneInfo(zone)),
        external_id=draw(st.none() | IDS),
        language=draw(st.none() | st.sampled_from(["en", "de", "yue"])),
        party_of_channel=draw(st.dictionaries(st.integers(0, 1), st.sampled_from(Party), max_size=2)),
        zone=zone,
        agent_address=draw(st.none() | ADDRESS),
        customer_address=draw(st.none() | ADDRESS),
        direction=draw(st.none() | st.sampled_from(Direction)),
        line=draw(st.none() | IDS),
        lawful_basis=draw(st.none() | st.sampled_from(LawfulBasis)),
        notice_given=draw(st.none() | st.booleans()),
        continues=draw(st.none() | IDS),
    )


@st.composite
def turns(draw: st.DrawFn, voices: list[Participant]) -> list[Turn]:
    """Turns of these voices and of nobody; some overlap, some have no words, some hold tokens."""
    found, start_s = [], 0.0
    for number in range(draw(st.integers(0, 6))):
        voice = draw(st.none() | st.sampled_from(voices)) if voices else None
        start_s += draw(st.floats(0, 20))
        kinds = st.sampled_from(Kind).map(lambda kind: token(kind, "4242"))
        texts = draw(st.lists(TEXT | kinds, max_size=draw(st.sampled_from([3, 40]))))
        words = tuple(
            Word(text, start_s + at * 0.25, start_s + at * 0.25 + draw(st.sampled_from([0.0, 0.2])), draw(CONFIDENCE))
            for at, text in enumerate(texts)
        )
        end_s = words[-1].end_s if words else start_s + 1.0
        party = voice.party if voice else Party.UNKNOWN
        speaker, channel = (voice.speaker, voice.channel) if voice else (None, None)
        text = " ".join(texts)
        found.append(Turn(f"t{number}", party, speaker, channel, start_s, end_s, text, words, draw(st.booleans())))
    return found


CONFIDENCE = st.floats(0, 1)


@st.composite
def records(draw: st.DrawFn) -> CallRecord:
    """Records of any layout, with any voices; and now and then one of a whole call."""
    if draw(st.integers(0, 4)) == 0:
        return short_call()
    channels = draw(st.integers(1, 2))
    voices = [
        Participant(draw(st.sampled_from(Party)), draw(st.none() | NAMES), f"v{number}", number % channels, "so")
        for number in range(draw(st.integers(0, 3)))
    ]
    spoken = draw(turns(voices))
    duration_s = max([60.0, *(turn.end_s for turn in spoken)])
    record = record_of(spoken, duration_s=duration_s, parties=voices)
    holds = draw(st.lists(st.tuples(st.floats(0, 50), st.floats(0.5, 9)), max_size=2))
    cut = Cut(Kind.CARD_CODE, Action.CUT, "t0", 0, (0,), 1.0, 2.0)
    return replace(
        record,
        recording=replace(record.recording, channels=channels),
        layout=draw(st.sampled_from(Layout)),
        language=draw(st.none() | st.sampled_from(["en", "de"])),
        holds=tuple(Hold(start, start + length, SoundKind.MUSIC, 0) for start, length in holds),
        cuts=draw(st.sampled_from([(), (cut,)])),
        legs=draw(st.sampled_from([(), (Leg("5e" * 32, "a.wav", 0, 20), Leg("6e" * 32, "b.wav", 25.0, 9.0))])),
    )


def material_of(
    record: CallRecord, of: CallDetails | None = None, items: tuple[Item, ...] = (), **changed: object
) -> Material:
    """What a vCon of this record is made from."""
    known: dict[str, object] = {
        "call_id": "call0000000000aa",
        "details": of or CallDetails(started_at=record.started_at),
        "received_at": RECEIVED,
        "record": record,
        "record_at": RECEIVED + timedelta(minutes=5),
        "dialogue": read_dialogue(record, items, now=NOW),
        "addresses": ADDRESSES,
        "host": "records.example.com",
        "now": NOW,
        "sound": SOUND,
    }
    return Material(**{**known, **changed})  # type: ignore[arg-type]


def protected_call() -> CallRecord:
    """A call in which a card was read out, and its code."""
    text = f"It is {token(Kind.CARD_NUMBER, '4242')} and {token(Kind.CARD_CODE)}, thank you."
    turns = (said("t1", Party.CUSTOMER, text, 1.0, 9.0), said("t2", Party.AGENT, "Thank you.", 9.5, 10.5))
    cuts = (
        Cut(Kind.CARD_NUMBER, Action.MASK, "t1", 2, (1,), 2.4, 3.9),
        Cut(Kind.CARD_CODE, Action.CUT, "t1", 4, (1,), 5.6, 6.9),
    )
    return replace(record_of(turns, duration_s=12.0), cuts=cuts)
