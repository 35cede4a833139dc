"""Speech beside a protected number of which nothing was written: it is cut as well."""

from dataclasses import replace

from tests.stages.protecting.talks import turns_of
from worker.core.protection import Action, Cut, Found, Kind
from worker.core.transcript import Layout, Listening, SoundKind, Stretch
from worker.stages.protecting.unheard import unheard_cuts

CUT = Cut(Kind.CARD_NUMBER, Action.CUT, "t0", 1, (1,), 0.9, 1.5)


def _cuts(*speech: tuple[float, float], cut: Cut = CUT) -> list[tuple[float, float]]:
    """The words "It's" at 0 s and "4242" at 1 s, each of 0.4 s, and speech on channel 1."""
    listening = Listening(
        Layout.TRACK_PER_PARTY,
        (0, 1),
        tuple(Stretch(1, SoundKind.SPEECH, start_s, end_s) for start_s, end_s in speech),
        (),
    )
    found = [Found(cut.kind, 0, 1, 2)]
    more = list(unheard_cuts(turns_of("It's 4242"), found, [cut], listening, heard_on=lambda channel: (channel,)))
    assert all(replace(one, start_s=cut.start_s, end_s=cut.end_s) == cut for one in more), "its token stands for them"
    return [(one.start_s, one.end_s) for one in more]


def test_what_sounds_on_after_a_number_and_was_not_written_is_cut() -> None:
    assert (1.4, 4.0) in _cuts((0.0, 4.0))


def test_a_breath_of_its_own_without_words_is_cut() -> None:
    assert (5.0, 7.0) in _cuts((0.0, 1.4), (5.0, 7.0))


def test_what_is_said_long_after_stays() -> None:
    assert _cuts((0.0, 1.4), (60.0, 70.0)) in ([], [(0.45, 1.0)])


def test_beside_what_is_no_number_nothing_more_is_cut() -> None:
    assert _cuts((0.0, 4.0), cut=replace(CUT, kind=Kind.EMAIL)) == []
