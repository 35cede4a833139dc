"""Who may say what of a record: the rules under which an annotation is taken into the log.

What is asked here is asked once more by nobody: ``worker.core.dialogue.reading`` reads every log, also one into which
two people wrote at the same instant. That somebody may open the record at all was found out before.
"""

from __future__ import annotations

from worker.core.dialogue.keeping import beneficiary_role
from worker.core.dialogue.reading import WRITERS, promises_by_id, statements_of
from worker.core.dialogue.selecting import stands_there
from worker.core.dialogue.state import Dialogue, PromiseState, Said, SaidState
from worker.core.dialogue.values import (
    TARGETS,
    Act,
    Annotation,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
    OnWords,
    Target,
    WholeCall,
)
from worker.core.errors import Invalid, NotAllowed
from worker.core.log.entry import SIDES, Actor
from worker.core.record import CallRecord

FOR_THE_TWO_SIDES = {Act.KEPT, Act.NOT_KEPT, Act.NEW_DAY, Act.ACCEPT, Act.DECLINE}
"""What nobody does but the two whose record it is."""

_STANCES = (Act.AGREE, Act.DISPUTE, Act.CORRECT)


def check(annotation: Annotation, actor: Actor, record: CallRecord, dialogue: Dialogue) -> None:
    """Whether this person may say this of this record, as it stands now.

    Raises NotAllowed for what is somebody else's to say, Invalid for what makes no sense here, or no longer.
    """
    _check_act(annotation.act, actor, annotation.target, record, dialogue)
    _check_words(annotation, actor, record, dialogue)


def offers(actor: Actor, target: Target, record: CallRecord, dialogue: Dialogue) -> tuple[Act, ...]:
    """What this person may say of this part of the record now, in the order of ``Act``.

    Each of them passes ``check``, if what is written with it says something new.
    """

    def may(act: Act) -> bool:
        try:
            _check_act(act, actor, target, record, dialogue)
        except (NotAllowed, Invalid):
            return False
        return True

    return tuple(act for act in Act if isinstance(target, TARGETS[act]) and may(act))


def _check_act(act: Act, actor: Actor, target: Target, record: CallRecord, dialogue: Dialogue) -> None:
    if actor.role not in WRITERS:
        raise NotAllowed("You may read this record. Only those who were on the call, and its reviewer, write in it.")
    if act in FOR_THE_TWO_SIDES and actor.role not in SIDES:
        raise NotAllowed("This is for the agent and the customer to say. Add what you found beside it instead.")
    match target:
        case OnEntry(number=number):
            _check_entry(act, actor, number, dialogue)
        case OnPromise(id=name):
            _check_promise(act, actor, name, record, dialogue)
        case OnStatement(id=name) if name not in statements_of(record):
            raise Invalid("There is no such statement in this record. Open the record again and choose it there.")
        case OnWords(turn=name) if not stands_there(target, next((t for t in record.turns if t.id == name), None)):
            raise Invalid(
                "These words do not stand there, or not any more. Open the record again and choose them there."
            )
        case OnStatement() | OnWords() | WholeCall():
            if act is Act.AGREE and _agrees_already(actor, target, dialogue):
                raise Invalid("This is agreed with already from your side. Nothing more is needed.")


def _check_entry(act: Act, actor: Actor, number: int, dialogue: Dialogue) -> None:
    said = next((one for one in dialogue.said if one.number == number), None)
    if act is Act.WITHDRAW:
        _check_withdrawal(actor, number, dialogue)
    elif act in (Act.ACCEPT, Act.DECLINE):
        _check_decision(act, actor, said, dialogue)
    elif act is Act.ANSWER:
        _check_answer(actor, said)
    else:
        added = next((one for one in dialogue.added if one.number == number), None)
        if said is None and added is None:
            raise Invalid("There is nothing here to which something could be said. Open the record again.")
        if (said and said.state is SaidState.WITHDRAWN) or (added and added.is_withdrawn):
            raise Invalid("This was withdrawn. Say what you have to say of what it was about.")


def _check_withdrawal(actor: Actor, number: int, dialogue: Dialogue) -> None:
    said = next((one for one in (*dialogue.said, *dialogue.decisions) if one.number == number), None)
    added = next((one for one in dialogue.added if one.number == number), None)
    found = said or added
    if found is None:
        raise Invalid("There is nothing here that could be withdrawn. Open the record again.")
    # The person and not the side: nobody takes back what a colleague, or another one of the family, has said.
    if found.actor.person != actor.person:
        raise NotAllowed("Only the one who wrote this can withdraw it. Say beside it what you see otherwise.")
    if (said and said.state is SaidState.WITHDRAWN) or (added and added.is_withdrawn):
        raise Invalid("This was withdrawn already. It stays readable as withdrawn.")


def _check_decision(act: Act, actor: Actor, said: Said | None, dialogue: Dialogue) -> None:
    if said is None or not _can_be_decided(act, said):
        raise Invalid("Nothing is proposed here that could be accepted or declined. Open the record again.")
    if actor.role is said.actor.role or actor.person == said.actor.person:
        raise NotAllowed("This was proposed from your own side. Only the other side can accept or decline it.")
    if said.actor.role not in SIDES:
        raise Invalid("A reviewer proposes nothing to the two sides. If you see it the same way, propose it yourself.")
    if said.state is SaidState.WITHDRAWN:
        raise Invalid("This was withdrawn, so nothing waits for an answer here.")
    if said.state in (SaidState.ACCEPTED, SaidState.DECLINED):
        raise Invalid("This was answered already. Withdraw that answer first if you see it otherwise now.")
    if said.number not in dialogue.open_proposals and not _is_held(said, dialogue):
        raise Invalid("This is no longer proposed: something else was said since. Open the record again and look.")


def _can_be_decided(act: Act, said: Said) -> bool:
    """A dispute that says what happened instead waits for no answer, but the other side may agree with it."""
    annotation = said.annotation
    if annotation.act in (Act.CORRECT, Act.NEW_DAY):
        return True
    has_version = annotation.act is Act.DISPUTE and annotation.text is not None
    return has_version and act is Act.ACCEPT and isinstance(annotation.target, OnStatement)


def _is_held(said: Said, dialogue: Dialogue) -> bool:
    """Whether this is a version of a statement that its own side, and only that, holds."""
    target = said.annotation.target
    state = dialogue.statements.get(target.id) if isinstance(target, OnStatement) else None
    return state is not None and any(
        one.number == said.number and one.held_by == (said.actor.role,) for one in state.versions
    )


def _check_answer(actor: Actor, said: Said | None) -> None:
    if said is None or said.annotation.act is not Act.ASK:
        raise Invalid("Nothing was asked here. Add what you want to say instead.")
    if said.state is SaidState.WITHDRAWN:
        raise Invalid("This question was withdrawn. Add what you want to say instead.")
    if said.actor.person == actor.person:
        raise Invalid("You asked this yourself. Add to it instead; the answer is somebody else's to give.")


def _check_promise(act: Act, actor: Actor, name: str, record: CallRecord, dialogue: Dialogue) -> None:
    promise = promises_by_id(record).get(name)
    standing = dialogue.promises.get(name)
    if promise is None or standing is None:
        raise Invalid("There is no such promise in this record. Open the record again and choose it there.")
    if act in (Act.KEPT, Act.NOT_KEPT):
        role = beneficiary_role(promise)
        if role is None:
            raise NotAllowed("It is not known to whom this was promised, so nobody can say for them if it was done.")
        if role is not actor.role:
            raise NotAllowed("Only the one to whom this was promised can say if it was done. Add what you know of it.")
        if standing.state is (PromiseState.KEPT if act is Act.KEPT else PromiseState.NOT_KEPT):
            raise Invalid("This was said of the promise already. Nothing more is needed.")
    if act is Act.NEW_DAY and standing.state is PromiseState.KEPT:
        raise Invalid("This promise was kept, so it needs no other day.")


def _agrees_already(actor: Actor, target: Target, dialogue: Dialogue) -> bool:
    if actor.role in SIDES and isinstance(target, OnStatement) and target.id in dialogue.statements:
        state = dialogue.statements[target.id]
        # Once the words beneath it were corrected, both are asked to read it again.
        return actor.role in state.agreed and (not state.look_again or actor.role in state.looked_again)
    last = _last_said(actor, target, dialogue)
    return last is not None and last.annotation.act is Act.AGREE


def _last_said(actor: Actor, target: Target, dialogue: Dialogue) -> Said | None:
    """What was last said of this from the side of the actor, and stands; a reviewer is a side of one."""
    return next(
        (
            one
            for one in reversed(dialogue.said)
            if one.annotation.target == target
            and one.annotation.act in _STANCES
            and one.state is not SaidState.WITHDRAWN
            and one.actor.role is actor.role
            and (actor.role in SIDES or one.actor.person == actor.person)
        ),
        None,
    )


def _check_words(annotation: Annotation, actor: Actor, record: CallRecord, dialogue: Dialogue) -> None:
    """That it says something that does not stand there already."""
    if annotation.act in (Act.DISPUTE, Act.CORRECT):
        last = _last_said(actor, annotation.target, dialogue)
        if last is not None and last.annotation == annotation and _still_stands(last, dialogue):
            raise Invalid("This was said already from your side, in the same words. It stands as it was written.")
    match annotation.correction, annotation.target:
        case NewSentence(text=text), OnStatement(id=name):
            if _plain(text) == _plain(dialogue.statements[name].shown):
                raise Invalid("This is the sentence as it stands. Agree with it instead.")
        case NewWords(text=text), OnWords():
            if _plain(text) == _shown_words(annotation.target, dialogue):
                raise Invalid("These are the words as they stand. Write what was said instead of them.")
        case NewSpeaker(party=party), OnWords(turn=name):
            reading = dialogue.readings.get(name)
            heard = next(turn.party for turn in record.turns if turn.id == name)
            if party is ((reading.party if reading else None) or heard):
                raise Invalid("This is who stands there already. Choose who it was instead.")
        case None, OnPromise(id=name) if annotation.act is Act.NEW_DAY:
            _check_day(annotation, name, record, dialogue)
        case _:
            pass


def _still_stands(said: Said, dialogue: Dialogue) -> bool:
    """Whether this is what its side says now: it may have taken the other's version since, or had a refusal."""
    target = said.annotation.target
    if isinstance(target, OnStatement) and said.actor.role in SIDES:
        versions = dialogue.statements[target.id].versions
        return any(one.number == said.number and said.actor.role in one.held_by for one in versions)
    return said.state is SaidState.STANDS


def _shown_words(chosen: OnWords, dialogue: Dialogue) -> str | None:
    """What is shown in place of these words; None where a correction covers them in part, and they are not one text."""
    reading = dialogue.readings.get(chosen.turn)
    over = [one for one in reading.words if one.first < chosen.end and chosen.first < one.end] if reading else []
    if not over:
        return _plain(chosen.quote)
    same = len(over) == 1 and (over[0].first, over[0].end) == (chosen.first, chosen.end)
    return over[0].text if same else None


def _check_day(annotation: Annotation, name: str, record: CallRecord, dialogue: Dialogue) -> None:
    day, standing = annotation.day, dialogue.promises[name]
    due = promises_by_id(record)[name].due
    if day == (standing.day or (due.day if due else None)):
        raise Invalid("This is the day by which it is to be done already. Choose another one.")
    began = record.started_at.astimezone(record.local_zone) if record.started_at else None
    if began is not None and day is not None and day < began.date():
        raise Invalid("This day was before the call. Choose a later one.")
    waiting = [one.annotation for one in dialogue.said if one.number in standing.proposals]
    if any(one.day == day for one in waiting):
        raise Invalid("This day is proposed already. The other side can accept it, or either can propose another one.")


def _plain(text: str) -> str:
    return " ".join(text.split())
