"""A place in which something of everything has happened, and the addresses of all its pages."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.browser.asked import everything_asked
from tests.browser.conftest import DANIEL, DETAILS, WORKER, Place, other_recording
from tests.browser.sample import FOLDER, sample_record
from tests.browser.view import View
from tests.web.records import silent_call, unknown_voices_call
from worker.core.call import CallDetails, Party
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.values import (
    Act,
    Added,
    Annotation,
    KeptFile,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
    WholeCall,
)
from worker.core.errors import Unavailable
from worker.core.log.entry import Role
from worker.intake.own_recording import accept_own_recording
from worker.stages import STAGES

AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
OWN_SOUND = FOLDER / "call_mono.flac"
LETTER = b"From: maria@example.com\r\nTo: shop@example.com\r\nSubject: The leak\r\n\r\nIt still leaks.\r\n"

LONG_NAMES = CallDetails(
    agent="Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh",
    customer="محمد عبد الرحمن",
    agent_address=DANIEL,
    customer_address="+4930123456",
)


def everything(place: Place) -> list[View]:
    """Every page that there is, each state of it once."""
    said, fresh = _much_said(place), place.publish(other_recording(sample_record(), 1))
    silent = place.publish(other_recording(silent_call(), 2))
    unknown = place.publish(other_recording(unknown_voices_call(), 3), LONG_NAMES)
    running = place.receive(sha256="04" * 32, stage="transcribe")
    failed = place.receive(sha256="05" * 32, stage="decode")
    logged = '{"error": "Unavailable", "at": ["blobs.py:118", "work.py:44"], "event": "stage.broke_off"}'
    full = {"reason": "Unavailable", "message": "The disk is full.", "last_line": logged}
    place.store.fail(failed, "decode", worker=WORKER, **full)
    put_off = place.receive(sha256="07" * 32, stage="decode")
    soon = datetime.now(UTC) + timedelta(hours=1)
    place.store.put_off(put_off, "decode", worker=WORKER, error=Unavailable(), not_before=soon, last_line=logged)
    maria, daniel = place.person(said, CUSTOMER), place.person(said, AGENT)
    paula = place.reviewer(said)
    olga = place.store.people.add("olga@example.com", name="Olga Nagy", is_operator=True)
    other = place.store.people.add("peter@example.com", name="Peter Lang")
    place.store.people.give_role(place.publish(other_recording(sample_record(), 6)), other.id, AGENT)
    invitation = f"/c/{place.parts.invitations.token(said)}"
    once = place.store.people.sessions.one_time_token(
        maria.id, only_call=None, lasts=timedelta(hours=1), now=datetime.now(UTC)
    )
    letter = _letter(place, said)
    own = _own_recording(place, said)
    place.store.log.include()
    place.store.log.publish(datetime.now(UTC))
    return [
        View("record, nothing said", maria, f"/calls/{fresh}"),
        View("record, much said, customer", maria, f"/calls/{said}"),
        View("record, much said, agent", daniel, f"/calls/{said}"),
        View("record, much said, reviewer", paula, f"/calls/{said}"),
        View("record, nobody speaks", maria, f"/calls/{silent}"),
        View("record, unknown voices, long and other names", place.person(unknown, CUSTOMER), f"/calls/{unknown}"),
        View("standing, at work", maria, f"/calls/{running}"),
        View("standing, failed", daniel, f"/calls/{failed}"),
        View("say, a statement", maria, f"/calls/{fresh}/say?target=statement:s1"),
        View("say, words", maria, f"/calls/{fresh}/say?turn=t2&first=2&last=4"),
        View("comparison", maria, f"/calls/{said}/compared/{own}"),
        View("letter", daniel, f"/calls/{said}/files/{letter}/read"),
        View("vouch", daniel, f"/calls/{said}/vouch"),
        View("vouch, with the code", daniel, f"/calls/{said}/vouch", does=("main form button",)),
        View("home, customer", maria, "/"),
        View("home, agent", daniel, "/"),
        View("home, reviewer", paula, "/"),
        View("home, operator", olga, "/"),
        View("operations, failed", olga, "/operations/calls"),
        View("operations, put off", olga, "/operations/calls?state=put_off"),
        View("operations, try again", olga, f"/operations/retry?call_id={failed}"),
        View("next call", other, "/next-call"),
        View("next call, customer", other, f"/next-call/{maria.id}"),
        View("sign-in", None, "/sign-in"),
        View("sign-in, once", None, f"/sign-in/once/{once}"),
        View("sign-in, wrong link", None, "/sign-in/once/wrong", 403, does=("main form button",)),
        View("invitation", None, invitation),
        View("invitation, sent", None, invitation, does=("form[action$='/code'] button",)),
        View("outbox", None, "/outbox"),
        View("error, nothing there", maria, "/nothing", 404),
        View("error, not open", other, f"/calls/{said}", 404),
        View("error, does not fit", maria, f"/calls/{fresh}/say?target=nothing", 422),
        *everything_asked(place),
    ]


def _much_said(place: Place) -> str:
    """Disputed, corrected, settled, asked, answered, kept, put off, withdrawn, added."""
    record = sample_record()
    call_id = place.publish(details=replace(DETAILS, external_id="much said"))
    words, other = words_target(record, "t2", 9, 10), words_target(record, "t4", 0, 3)
    say = place.say

    def number(role: Role, annotation: Annotation) -> int:
        return say(call_id, role, annotation).number

    number(CUSTOMER, Annotation(Act.DISPUTE, OnStatement("s2"), "I was told that it costs thirty dollars."))
    number(AGENT, Annotation(Act.AGREE, OnStatement("s1")))
    proposed = number(
        CUSTOMER, Annotation(Act.CORRECT, OnStatement("s3"), correction=NewSentence("The agent refused a refund."))
    )
    number(AGENT, Annotation(Act.ACCEPT, OnEntry(proposed)))
    corrected = number(CUSTOMER, Annotation(Act.CORRECT, words, correction=NewWords("dish washer")))
    number(AGENT, Annotation(Act.ACCEPT, OnEntry(corrected)))
    number(AGENT, Annotation(Act.CORRECT, other, "I said this.", NewSpeaker(Party.AGENT)))
    number(AGENT, Annotation(Act.CORRECT, words_target(record, "t13", 0, 2), correction=NewWords("A leak")))
    asked = number(CUSTOMER, Annotation(Act.ASK, OnPromise("p1"), "At what time?"))
    number(AGENT, Annotation(Act.ANSWER, OnEntry(asked), "Between nine and eleven."))
    number(AGENT, Annotation(Act.NEW_DAY, OnPromise("p1"), day=date(2027, 1, 4)))
    number(CUSTOMER, Annotation(Act.KEPT, OnPromise("p2")))
    taken_back = number(AGENT, Annotation(Act.ADD, WholeCall(), "This was about another customer."))
    number(AGENT, Annotation(Act.WITHDRAW, OnEntry(taken_back)))
    number(CUSTOMER, Annotation(Act.ASK, WholeCall(), "Will I get the receipt again?"))
    say(call_id, CUSTOMER, Added("The crew came and left again.", date(2026, 3, 13)))
    return call_id


def _letter(place: Place, call_id: str) -> int:
    kept = place.parts.files.keep(call_id, io.BytesIO(LETTER))
    file = KeptFile(kept.sha256, "The letter about the leak.eml", "message/rfc822", kept.size_bytes)
    return place.say(call_id, CUSTOMER, Added("What I wrote.", file=file)).number


def _own_recording(place: Place, call_id: str) -> int:
    """Maria's own recording of the same call, in which something else is heard."""
    call, parts = place.store.call(call_id), place.parts
    with OWN_SOUND.open("rb") as file:
        own = accept_own_recording(file, "mine.flac", call, intake=parts.intake).call_id
    record = sample_record()
    turns = [
        replace(turn, text="Nobody.", words=(replace(turn.words[0], text="Nobody."),)) if turn.text == "No." else turn
        for turn in record.turns[2:]
    ]
    place.finish(own, replace(record, turns=tuple(turns)), stage=STAGES[0].name)
    stored = place.store.call(own)
    parts.sounds.put_copy(stored.id, OWN_SOUND)
    kept = KeptFile(stored.sound_id, "mine.flac", "audio/flac", OWN_SOUND.stat().st_size)
    return place.say(call_id, CUSTOMER, Added(file=kept, recording_call=own)).number
