"""Logs that nobody would write: any annotation by anybody, in any order. For tests of what holds for every log."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from tests.core.talk import (
    AGENT,
    COLLEAGUE,
    CUSTOMER,
    NEXT_AGENT,
    OPERATOR,
    RECORD,
    REVIEWER,
    SENTENCE,
    STATEMENT,
)
from worker.core.call import CallDetails, Party
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.values import (
    Act,
    Added,
    Annotation,
    LetIn,
    Looked,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
    OnWords,
    Reason,
    Received,
    Way,
    WholeCall,
)
from worker.core.errors import Invalid
from worker.core.log.entry import SYSTEM, Actor, Role

MINE = "The customer had bought a washing machine on 3 March, and it leaks."
THEIRS = "The customer had bought a washing machine. It leaks at the door."
MONDAY = date(2026, 3, 16)

PEOPLE = (AGENT, COLLEAGUE, CUSTOMER, REVIEWER, NEXT_AGENT, OPERATOR, SYSTEM, Actor(Role.AGENT, "maria"))
TEXTS = st.sampled_from([None, "It was a dryer.", SENTENCE, MINE])
NUMBERS = st.integers(0, 12)
CHOSEN = [words_target(RECORD, "t5", 4, 7), words_target(RECORD, "t5", 6, 9), words_target(RECORD, "t2", 0, 2)]
WORDS = st.one_of(
    st.sampled_from(CHOSEN),
    st.builds(
        OnWords,
        st.sampled_from(["t5", "t77"]),
        st.integers(0, 40),
        st.integers(41, 50),
        st.just("x"),
        st.just(""),
        st.just(""),
        st.floats(),
        st.floats(),
    ),
)
TARGETS = st.one_of(
    st.builds(OnStatement, st.sampled_from(["s0", "s1", "s9"])),
    st.builds(OnPromise, st.sampled_from(["p1", "p9"])),
    st.builds(OnEntry, NUMBERS),
    st.just(WholeCall()),
    WORDS,
)
CORRECTIONS = st.one_of(
    st.none(),
    st.builds(NewSentence, st.sampled_from([MINE, THEIRS, SENTENCE])),
    st.builds(NewWords, st.sampled_from(["", "tomorrow", "will send"])),
    st.builds(NewSpeaker, st.sampled_from([Party.AGENT, Party.CUSTOMER])),
)


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    """Any annotation that makes sense by itself; most choices do not, so what does is looked for a few times."""
    act = draw(st.sampled_from(Act))
    on_statement = act in (Act.AGREE, Act.DISPUTE, Act.CORRECT) and draw(st.booleans())
    if act in (Act.ANSWER, Act.ACCEPT, Act.DECLINE, Act.WITHDRAW):
        target = draw(st.builds(OnEntry, NUMBERS))
    elif act in (Act.KEPT, Act.NOT_KEPT, Act.NEW_DAY):
        target = draw(st.builds(OnPromise, st.sampled_from(["p1", "p1", "p9"])))
    else:
        target = STATEMENT if on_statement else draw(TARGETS)
    text = draw(TEXTS)
    correction = draw(CORRECTIONS) if act is Act.CORRECT else None
    day = draw(st.sampled_from([date(2026, 3, 12), MONDAY])) if act is Act.NEW_DAY else None
    for words in (text, None, "I was there."):
        try:
            return Annotation(act, target, words, correction, day)
        except Invalid:
            continue
    return Annotation(Act.AGREE, STATEMENT)


OTHER_SENTENCES = replace(
    RECORD,
    summary=replace(
        RECORD.summary,
        statements=tuple(replace(one, text=f"{one.text} Or not.") for one in RECORD.summary.statements),
        commitments=(),
    ),
)
CONTENTS = st.one_of(
    annotations(),
    annotations(),
    annotations(),
    st.builds(Looked, st.sampled_from(Way)),
    st.just(Added("A letter came.")),
    st.just(LetIn("maria", "Maria Lopez", Reason.VOUCHED)),
    st.just(Received("5e" * 32, "call.flac", 1, CallDetails())),
    st.sampled_from([RECORD, OTHER_SENTENCES]),
)
LOGS = st.lists(st.tuples(st.sampled_from(PEOPLE), CONTENTS), max_size=14)
