"""Records made by hand, as the last stage would give them: small ones for one rule each, and a long one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from worker.core.call import Party
from worker.core.dialogue.reading import read_dialogue
from worker.core.dialogue.values import Item
from worker.core.log.entry import Actor, Role
from worker.core.record import SCHEMA_VERSION, CallRecord, MadeBy, RecordingSummary
from worker.core.summary import Commitment, Due, Ending, EndState, Evidence, Statement, StatementKind, Summary
from worker.core.transcript import CallWarning, Code, Hold, Layout, Participant, SoundKind, Turn, Word
from worker.web.pages.people import Reader
from worker.web.pages.proof import ProofFacts
from worker.web.pages.record import RecordPage, record_page

AGENT = Participant(Party.AGENT, "Daniel Price", "track 0", 0, "said “thank you for calling” at 0:01")
CUSTOMER = Participant(Party.CUSTOMER, "Maria Lopez", "track 1", 1, "the sender of the call said so")
VOICES = {Party.AGENT: AGENT, Party.CUSTOMER: CUSTOMER}

WRITER = "writer-0.5b"

UNCLEAR = Ending()

SOON_AFTER = datetime.fromisoformat("2026-03-12T09:00:00+00:00")  # two days after the calls

MADE_BY = (
    MadeBy("decode", None, "onrecord 0.1.0", 0.2),
    MadeBy("listen", "silero-vad", "faster-whisper 1.2.1", 0.9),
    MadeBy("transcribe", "whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66", 21.4),
    MadeBy("separate", None, "onrecord 0.1.0", 0.0),
    MadeBy("attribute", None, "onrecord 0.1.0", 0.0),
    MadeBy("summarise", WRITER, "3", 6.1),
    MadeBy("check", None, "onrecord 0.1.0", 0.1),
)


def said(
    turn: str,
    party: Party,
    text: str,
    start_s: float,
    end_s: float,
    *,
    unsure: Sequence[str] = (),
    overlaps: bool = False,
    voice: Participant | None = None,
) -> Turn:
    """A turn whose words share its time evenly; those in ``unsure`` were heard with little confidence."""
    voice = voice or VOICES.get(party)
    texts = text.split()
    step_s = (end_s - start_s) / len(texts)
    words = tuple(
        Word(
            one,
            round(start_s + at * step_s, 3),
            round(start_s + (at + 1) * step_s, 3),
            0.2 if one in unsure else 0.95,
        )
        for at, one in enumerate(texts)
    )
    speaker, channel = (voice.speaker, voice.channel) if voice else (None, None)
    return Turn(turn, party, speaker, channel, start_s, end_s, text, words, overlaps)


def evidence(turn: Turn, quote: str) -> Evidence:
    """The words of a turn that say just this."""
    first = len(turn.text[: turn.text.index(quote)].split())
    last = first + len(quote.split()) - 1
    return Evidence(turn.id, turn.words[first].start_s, turn.words[last].end_s, quote)


def record_of(
    turns: Sequence[Turn],
    *,
    duration_s: float,
    parties: Sequence[Participant] = (AGENT, CUSTOMER),
    statements: Sequence[Statement] = (),
    headline: Statement | None = None,
    ending: Ending = UNCLEAR,
    promises: Sequence[Commitment] = (),
    holds: Sequence[Hold] = (),
    warnings: Sequence[CallWarning] = (),
    language: str | None = "en",
    sha256: str = "5e" * 32,
) -> CallRecord:
    """The record of these turns."""
    return CallRecord(
        schema_version=SCHEMA_VERSION,
        external_id=None,
        started_at=datetime.fromisoformat("2026-03-10T10:14:00+00:00"),
        zone=None,
        recording=RecordingSummary(sha256, "call.flac", duration_s, 2, 8000, "flac"),
        layout=Layout.TRACK_PER_PARTY,
        language=language,
        language_confidence=None if language is None else 0.98,
        parties=tuple(parties),
        holds=tuple(holds),
        turns=tuple(turns),
        summary=Summary(tuple(statements), headline, ending, tuple(promises)),
        warnings=tuple(warnings),
        made_by=MADE_BY,
    )


def stated(
    name: str, kind: StatementKind, party: Party, text: str, *words: Evidence, support: float | None = None
) -> Statement:
    """A statement that rests on these words; without a support it quotes them."""
    quoted = support is None
    return Statement(
        name, kind, party, text, quoted, words, 1.0 if support is None else support, None if quoted else WRITER
    )


def page_of(
    record: CallRecord, *, role: Role = Role.AGENT, items: Sequence[Item] = (), now: datetime = SOON_AFTER
) -> RecordPage:
    """The page of a record after these entries."""
    return record_page(
        record,
        read_dialogue(record, items, now=now),
        call_id="0" * 16,
        reader=Reader(Actor(role, "somebody")),
        proof=ProofFacts(len(items), is_whole=True, size=None, signed_at=None, verifier_key="key"),
    )


def short_call() -> CallRecord:
    """A question, a hold, a promise: everything that a page shows, once."""
    turns = (
        said("t1", Party.AGENT, "Thank you for calling Brightwater Appliances. How can I help you today?", 0.8, 5.9),
        said("t2", Party.CUSTOMER, "I bought a washing machine from you, and it leaks.", 6.4, 10.7, unsure=["leaks."]),
        said("t3", Party.AGENT, "May I put you on hold for a moment?", 10.4, 12.9, overlaps=True),
        said("t4", Party.AGENT, "Thank you for waiting.", 30.2, 31.5),
        said("t5", Party.AGENT, "The repair is free. A technician will come to you by Friday.", 31.9, 36.0),
        said("t6", Party.CUSTOMER, "By Friday, good.", 41.0, 42.2),
    )
    bought = evidence(turns[1], "I bought a washing machine")
    leaks = evidence(turns[1], "and it leaks.")
    coming = evidence(turns[4], "A technician will come to you by Friday.")
    good = evidence(turns[5], "By Friday, good.")
    statements = (
        stated(
            "s1",
            StatementKind.ASKED,
            Party.CUSTOMER,
            "The customer had bought a washing machine that leaks.",
            bought,
            leaks,
            support=0.91,
        ),
        stated(
            "s2",
            StatementKind.PROMISED,
            Party.AGENT,
            "The agent said: “A technician will come to you by Friday.”",
            coming,
        ),
        stated("s3", StatementKind.OUTCOME, Party.CUSTOMER, "The customer agreed to Friday.", good, support=0.55),
    )
    promise = Commitment(
        "p1", Party.AGENT, Party.CUSTOMER, "send a technician", Due("by Friday", date(2026, 3, 13)), (coming,)
    )
    warnings = (
        CallWarning(Code.OVERLAP, "Turns in which two people are heard at once on one track: 1."),
        CallWarning(Code.UNCERTAIN_WORDS, "Words in a row that were heard with little certainty: 3.", 8.0, 10.7),
        CallWarning(Code.NOT_HEARD, "Speech that could not be made out.", 37.0, 40.0),
    )
    return record_of(
        turns,
        duration_s=44.0,
        statements=statements,
        headline=stated(
            "s0", StatementKind.ASKED, Party.CUSTOMER, "A washing machine that leaks.", bought, leaks, support=0.93
        ),
        ending=Ending(EndState.OPEN, (good,)),
        promises=(promise,),
        holds=(Hold(13.4, 29.8, SoundKind.MUSIC, 0),),
        warnings=warnings,
    )


def silent_call() -> CallRecord:
    """Half a minute in which nobody speaks."""
    warning = CallWarning(Code.NO_SPEECH, "Nobody was heard to speak in this recording.")
    return record_of((), duration_s=30.0, parties=(), warnings=(warning,), language=None)


def unknown_voices_call() -> CallRecord:
    """Two voices of one track, neither of which is known to be anybody's, and words that nobody was found to say."""
    voices = tuple(
        Participant(Party.UNKNOWN, None, f"SPEAKER_0{number}", 0, "the words do not say it clearly enough")
        for number in range(2)
    )
    turns = (
        said("t1", Party.UNKNOWN, "Good morning.", 0.5, 1.4, voice=voices[0]),
        said("t2", Party.UNKNOWN, "Good morning to you.", 1.6, 2.9, voice=voices[1]),
        said("t3", Party.UNKNOWN, "Hello?", 3.2, 3.8),
    )
    warnings = tuple(
        CallWarning(Code.UNKNOWN_PARTY, f"It is not known whether {voice.speaker} is the agent or the customer.")
        for voice in voices
    )
    return replace(record_of(turns, duration_s=5.0, parties=voices, warnings=warnings), started_at=None)


def long_call(*, turns: int, words: int) -> CallRecord:
    """A long talk about different things, so that it packs no better than a real one."""
    vocabulary = [f"{begin}{middle}{end}" for begin in BEGINS for middle in MIDDLES for end in ENDS]
    per_turn, turn_s = words // turns, 6.0
    spoken = []
    at = 1
    for number in range(turns):
        texts = []
        for _ in range(per_turn):
            at = at * 48271 % 2147483647  # a fixed course through the vocabulary
            texts.append(vocabulary[at % len(vocabulary)])
        party = (Party.AGENT, Party.CUSTOMER)[number % 2]
        start_s = number * (turn_s + 0.413)
        unsure = [one for one in texts if one.startswith("kro")]
        spoken.append(
            said(f"t{number + 1}", party, " ".join(texts), round(start_s, 3), round(start_s + turn_s, 3), unsure=unsure)
        )
    return record_of(spoken, duration_s=turns * (turn_s + 0.413))


BEGINS = ("ba", "kro", "ti", "lu", "se", "gra", "mo", "pi", "ve", "stu", "na", "fo")
MIDDLES = ("n", "rt", "ll", "s", "mb", "ck", "v")
ENDS = ("e", "ing", "o", "ed", "a", "er", "y,", "is.")
