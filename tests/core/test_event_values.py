"""What events say, and when it is tried again to tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.core.call import Party
from worker.core.dialogue.values import (
    Act,
    Annotation,
    Looked,
    NewSentence,
    NewSpeaker,
    OnEntry,
    OnPromise,
    OnStatement,
    OnWords,
    Way,
    WholeCall,
)
from worker.core.events import JITTER, LONGEST_WAIT, WAITS, EventType, said, wait_after
from worker.core.log.entry import Role

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
HOUR = 3600.0


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [
        (1, 5.0),
        (2, 300.0),
        (3, 1800.0),
        (4, 2 * HOUR),
        (5, 5 * HOUR),
        (6, 10 * HOUR),
        (7, 14 * HOUR),
        (8, 20 * HOUR),
        (9, 24 * HOUR),
    ],
)
def test_it_is_tried_again_when_standard_webhooks_says(tries: int, seconds: float) -> None:
    assert wait_after(tries, chance=0.0) == timedelta(seconds=seconds)
    spread = wait_after(tries, chance=0.999)
    assert spread is not None
    assert seconds < spread.total_seconds() <= seconds * (1 + JITTER), "what failed together is not tried together"


@pytest.mark.parametrize("tries", [10, 11, 1000])
def test_after_ten_tries_in_three_days_it_is_given_up(tries: int) -> None:
    assert wait_after(tries, chance=0.5, asked_s=5.0) is None
    assert timedelta(days=3) < sum(WAITS, timedelta()) < timedelta(days=3.2)


@pytest.mark.parametrize(
    ("tries", "asked_s", "seconds"),
    [(1, None, 5.0), (1, 1.0, 5.0), (1, 90.0, 90.0), (4, 90.0, 2 * HOUR), (1, 1e12, LONGEST_WAIT.total_seconds())],
)
def test_a_receiver_that_asks_for_time_gets_it_and_none_gets_it_for_ever(
    tries: int, asked_s: float | None, seconds: float
) -> None:
    assert wait_after(tries, chance=0.0, asked_s=asked_s) == timedelta(seconds=seconds)


SOME_WORDS = OnWords("t1", 0, 2, "for nothing", "", "", 1.0, 2.0)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (Annotation(Act.DISPUTE, OnStatement("s1"), text="I never said so"), EventType.RECORD_DISPUTED),
        (Annotation(Act.DISPUTE, WholeCall()), EventType.RECORD_DISPUTED),
        (
            Annotation(Act.CORRECT, OnStatement("s1"), correction=NewSentence("It was Tuesday.")),
            EventType.RECORD_DISPUTED,
        ),
        (
            Annotation(Act.CORRECT, SOME_WORDS, correction=NewSpeaker(Party.AGENT)),
            EventType.RECORD_ANNOTATED,
        ),
        (Annotation(Act.AGREE, WholeCall()), EventType.RECORD_ANNOTATED),
        (Annotation(Act.ASK, WholeCall(), text="Why is that?"), EventType.RECORD_ANNOTATED),
        (Annotation(Act.KEPT, OnPromise("p1"), text="They called"), EventType.RECORD_ANNOTATED),
        (Annotation(Act.WITHDRAW, OnEntry(3)), EventType.RECORD_ANNOTATED),
    ],
)
def test_what_somebody_says_of_a_record_is_one_event_that_tells_who_by_role_alone(
    annotation: Annotation, kind: EventType
) -> None:
    event = said("abc", Role.CUSTOMER, annotation, NOW)
    assert event is not None
    assert (event.type, event.call_id, event.at) == (kind, "abc", NOW)
    assert event.says == {"by": "customer", "act": annotation.act.value}, "not one word of what was said"


def test_a_look_is_no_event() -> None:
    assert said("abc", Role.CUSTOMER, Looked(Way.PAGE), NOW) is None
