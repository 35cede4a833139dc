"""What must not be shown is taken out, before anything is written of the call or heard of it.

The finders of ``worker.stages.protecting`` say which words they are, the rules of the call's line what is done with
them. Here tokens are put in their place, and it is said which stretches of which channels say them; the sound itself
is overwritten by whoever has it (``worker.stages.protecting.sound_cuts``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from worker.core.call import CallDetails
from worker.core.ports import Progress
from worker.core.protection import Action, Cut, Found, Rules, token
from worker.core.sound import SAMPLE_RATE_HZ, Sound
from worker.core.transcript import Conversation, Layout, Listening, Participant, Turn
from worker.stages.protecting.finding import find_all
from worker.stages.protecting.masking import Heard, mask
from worker.stages.protecting.unheard import unheard_cuts

FindAll: TypeAlias = Callable[[Sequence[Turn], str | None], tuple[Found, ...]]

_NUMBERED = re.compile(r"\d")


def protect(
    spoken: Conversation,
    listening: Listening,
    sound: Sound,
    details: CallDetails,
    *,
    protection: Rules,
    progress: Progress,
    find: FindAll = find_all,
) -> Conversation:
    """The same conversation with a token for all that the rules cut or mask, and the cuts in the order of the words."""
    found = find(spoken.turns, spoken.language)
    progress(0.8)
    actions = protection.of(details.line)
    turns, cuts = mask(
        spoken.turns,
        found,
        actions,
        heard_on=lambda turn: _heard(turn.channel, listening, len(sound.tracks)),
        duration_s=sound.tracks[0].duration_s,
    )
    done = [one for one in found if actions[one.kind] is not Action.KEEP]
    more = unheard_cuts(
        spoken.turns,
        done,
        cuts,
        listening,
        heard_on=lambda channel: _heard(channel, listening, len(sound.tracks)).channels,
    )
    progress(1.0)
    return replace(
        spoken,
        turns=turns,
        cuts=_in_order((*cuts, *more), turns),
        participants=tuple(_without(one, done, spoken.turns) for one in spoken.participants),
    )


def _in_order(cuts: Iterable[Cut], turns: Sequence[Turn]) -> tuple[Cut, ...]:
    """By the place of their tokens, and of one token by time."""
    place = {turn.id: number for number, turn in enumerate(turns)}
    return tuple(sorted(cuts, key=lambda cut: (place[cut.turn], cut.word, cut.start_s)))


def _heard(channel: int | None, listening: Listening, count: int) -> Heard:
    """Where one channel is heard: there and where it leaks into; on all that carry it where all are mixed.

    What is on a channel that nobody listened to is not known: it may be a copy of another. So it is one of them.
    """
    every = range(count)
    if listening.layout is Layout.MIXED:
        return Heard(tuple(every))
    own = set(listening.mixed_channels or listening.heard_channels) if channel is None else {channel}
    leaks = [leak for leak in listening.leaks if leak.source in own]
    unheard = set(every) - set(listening.heard_channels)
    return Heard(
        tuple(sorted({*own, *unheard, *(leak.into for leak in leaks)})),
        early_s=max((-leak.lag / SAMPLE_RATE_HZ for leak in leaks if leak.lag < 0), default=0.0),
        late_s=max((max(0, leak.lag + len(leak.taps)) / SAMPLE_RATE_HZ for leak in leaks), default=0.0),
    )


def _without(participant: Participant, found: Sequence[Found], turns: Sequence[Turn]) -> Participant:
    """The reason why somebody was found to be a party quotes the call: it says no more than the turns do."""
    reason = participant.reason
    for one in found:
        words = [word.text for word in turns[one.turn].words[one.first : one.end]]
        for text in (" ".join(words), *(word for word in words if _NUMBERED.search(word))):
            said = re.compile(rf"(?<!\w){re.escape(text.strip('.,;:!?'))}(?!\w)", re.IGNORECASE)
            reason = said.sub(token(one.kind), reason)
    return replace(participant, reason=reason)
