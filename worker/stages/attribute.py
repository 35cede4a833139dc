"""Who said what: words are given to speakers, speakers to parties, and the words become turns.

The rules are in ``worker.core.attribution`` (words and turns), ``worker.core.roles`` (parties and announcements) and
``worker.core.one_voice`` (two parties who sound alike). Here they are put together, and what stays open is said in
warnings, which never quote the call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from worker.core.attribution import (
    HEARD_TOGETHER_S,
    Spoken,
    give_to_speakers,
    group_turns,
    overlapping,
    track_speaker,
    uncertain_stretches,
)
from worker.core.call import CallDetails, Party
from worker.core.listening import joined
from worker.core.one_voice import tell_parties_apart
from worker.core.ports import Progress
from worker.core.roles import IS_MACHINE, Role, Utterance, find_announcements, find_roles
from worker.core.sound import Interval
from worker.core.transcript import (
    CallWarning,
    Code,
    Conversation,
    Layout,
    Listening,
    Participant,
    SoundKind,
    SpeakerStretch,
    Transcript,
    Turn,
    Voices,
)

ANNOUNCEMENT = "announcement"
"""The speaker of what a machine says on a person's track, or in a voice that diarization took for a person's."""

MOSTLY_MACHINE = 0.8
"""A voice of which this share of words is announcements is the machine's own, and keeps its name."""

MOSTLY_ONE_VOICE = 0.9
"""Where one voice says this share of the words, it may be that two people sound alike."""


def attribute(
    listening: Listening, transcript: Transcript, voices: Voices, details: CallDetails, *, progress: Progress
) -> Conversation:
    """Turns in order of their start, and everybody heard in them with party and reason. No words: no turns."""
    language = transcript.language
    own_tracks = listening.layout is Layout.TRACK_PER_PARTY
    mixed = listening.mixed_channels if own_tracks else listening.heard_channels
    spoken = [*_by_track(transcript, mixed), *_by_voice(transcript, voices, mixed)]
    spoken, machines = _tell_machines(spoken, listening, language=language)
    told = _told(listening, details, {one.speaker for one in spoken if one.speaker is not None} - machines)
    alike: dict[str, Role] = {}
    if not own_tracks and not told:
        spoken, alike = _tell_parties_in_one_voice(spoken, machines, language=language)
    seams_s = [leg.start_s for leg in listening.legs.placed] if listening.legs else []
    turns = group_turns(spoken, holds=listening.holds, seams_s=seams_s, language=language)
    progress(0.5)

    utterances = [
        Utterance(turn.speaker, turn.words)
        for turn in turns
        if turn.speaker is not None and turn.speaker not in machines and turn.speaker not in alike
    ]
    roles = find_roles(utterances, details=details, told=told, own_tracks=not mixed, language=language)
    unnamed = _about_parties(roles)
    roles |= alike
    for speaker in machines:
        roles[speaker] = Role(Party.OTHER, IS_MACHINE)
    turns = tuple(replace(turn, party=_party(roles, turn.speaker)) for turn in turns)
    progress(1.0)
    return Conversation(
        participants=_participants(roles, turns, listening, details),
        turns=turns,
        warnings=(
            *transcript.warnings,
            *unnamed,
            *_about_one_voice(turns, alike),
            *_about_lost_words(turns),
            *_about_overlap(voices),
            *_about_uncertain_words(transcript),
        ),
        language=transcript.language,
        language_confidence=transcript.language_confidence,
    )


def _by_track(transcript: Transcript, mixed: Sequence[int]) -> list[Spoken]:
    return [
        Spoken(word, track_speaker(track.channel), track.channel)
        for track in transcript.tracks
        if track.channel not in mixed
        for word in track.words
    ]


def _by_voice(transcript: Transcript, voices: Voices, mixed: Sequence[int]) -> list[Spoken]:
    return [
        one
        for track in transcript.tracks
        if track.channel in mixed
        for one in give_to_speakers(track.words, _on_mixed(voices), language=transcript.language)
    ]


def _on_mixed(voices: Voices) -> list[SpeakerStretch]:
    """The voices that were told apart by how they sound."""
    return [stretch for stretch in voices.stretches if stretch.speaker not in voices.channel_of]


def _tell_machines(
    spoken: Sequence[Spoken], listening: Listening, *, language: str | None
) -> tuple[list[Spoken], set[str]]:
    """The words with announcements given to a speaker of their own, and which speakers are machines."""
    places: dict[tuple[str | None, int | None], list[int]] = {}
    for place, one in enumerate(spoken):
        places.setdefault((one.speaker, one.channel), []).append(place)
    told_apart = list(spoken)
    machines: set[str] = set()
    for (speaker, channel), mine in places.items():
        words = [spoken[place].word for place in mine]
        holds = [
            Interval(hold.start_s, hold.end_s)
            for hold in listening.holds
            if hold.kind is SoundKind.MUSIC and (channel is None or hold.channel == channel)
        ]
        announced = find_announcements(words, holds=holds, language=language)
        if not announced:
            continue
        whole = sum(last - first for first, last in announced) >= MOSTLY_MACHINE * len(words)
        if whole and speaker is not None and channel is None:
            machines.add(speaker)
            continue
        machines.add(ANNOUNCEMENT)
        for first, last in announced:
            for place in mine[first:last]:
                told_apart[place] = replace(spoken[place], speaker=ANNOUNCEMENT)
    return told_apart, machines


def _tell_parties_in_one_voice(
    spoken: Sequence[Spoken], machines: set[str], *, language: str | None
) -> tuple[list[Spoken], dict[str, Role]]:
    """The words of a voice that speaks for both parties given to one speaker a party, and the roles of these.

    No roles where nobody says nearly all, or where the words are one party's, as far as they tell.
    """
    people = [one for one in spoken if one.speaker is not None and one.speaker not in machines]
    speaker, count = Counter(one.speaker for one in people).most_common(1)[0] if people else (None, 0)
    if speaker is None or count < MOSTLY_ONE_VOICE * len(people):
        return list(spoken), {}
    parties = tell_parties_apart([one.word for one in people if one.speaker == speaker], language=language)
    if not parties:
        return list(spoken), {}
    names = {Party.UNKNOWN: speaker, **{party: f"{speaker} as {party}" for party in (Party.AGENT, Party.CUSTOMER)}}
    given = iter(parties)
    apart = [replace(one, speaker=names[next(given)]) if one.speaker == speaker else one for one in spoken]
    found = {one.speaker for one in apart}
    return apart, {name: Role(party, _ALIKE[party]) for party, name in names.items() if name in found}


_ALIKE = {
    Party.AGENT: "one voice is heard for both parties; these words are the agent's by what is said",
    Party.CUSTOMER: "one voice is heard for both parties; these words are the customer's by what is said",
    Party.UNKNOWN: "one voice is heard for both parties, and these words do not tell which of them speaks",
}


def _told(listening: Listening, details: CallDetails, speakers: set[str]) -> dict[str, Party]:
    """What the sender said, for the speakers it can be said of.

    On a mixed track a channel's party says nothing, unless one voice alone is heard on the only channel there is. Of
    several recordings each has channels of its own, and what was said of them is in how they were put together.
    """
    said = listening.legs.party_of_track if listening.legs else details.party_of_channel
    known = {channel: party for channel, party in said.items() if party is not Party.UNKNOWN}
    if listening.layout is Layout.TRACK_PER_PARTY:
        return {track_speaker(channel): known[channel] for channel in listening.heard_channels if channel in known}
    if len(speakers) == 1 and set(known) == set(listening.heard_channels) and len(known) == 1:
        return dict.fromkeys(speakers, next(iter(known.values())))
    return {}


def _party(roles: dict[str, Role], speaker: str | None) -> Party:
    return Party.UNKNOWN if speaker is None else roles[speaker].party


def _participants(
    roles: dict[str, Role], turns: Sequence[Turn], listening: Listening, details: CallDetails
) -> tuple[Participant, ...]:
    """One per speaker and channel, in the order of their first words; who was named and says nothing comes last.

    A name is given only to the one speaker of its party: of two agents, nobody said which one it is. So of several
    recordings no agent is named: after a call was handed on, another may speak on the same track.
    """
    heard = list(dict.fromkeys((turn.speaker, turn.channel) for turn in turns if turn.speaker is not None))
    silent = [
        (track_speaker(channel), channel)
        for channel in listening.heard_channels
        if track_speaker(channel) in roles and (track_speaker(channel), channel) not in heard
    ]
    everybody = [*heard, *silent]
    parties = [roles[speaker].party for speaker, _ in everybody]
    names = {Party.AGENT: None if listening.legs else details.agent, Party.CUSTOMER: details.customer}
    return tuple(
        Participant(
            party=party,
            name=names.get(party) if parties.count(party) == 1 else None,
            speaker=speaker,
            channel=channel,
            reason=roles[speaker].reason,
        )
        for (speaker, channel), party in zip(everybody, parties, strict=True)
    )


def _about_parties(roles: dict[str, Role]) -> list[CallWarning]:
    warnings = []
    for speaker, role in roles.items():
        if role.party is Party.UNKNOWN:
            message = f"It is not known whether {speaker} is the agent or the customer."
            warnings.append(CallWarning(Code.UNKNOWN_PARTY, message))
        elif role.doubted:
            message = (
                f"The sender of the call named {speaker} the {role.party}, but it talks like the other side. "
                "Check that the channels are not swapped."
            )
            warnings.append(CallWarning(Code.DOUBTED_PARTY, message))
    return warnings


def _about_lost_words(turns: Sequence[Turn]) -> list[CallWarning]:
    lost = [turn for turn in turns if turn.speaker is None]
    stretches = joined((Interval(turn.start_s, turn.end_s) for turn in lost), gap_s=HEARD_TOGETHER_S)
    warnings = []
    for stretch in stretches:
        count = sum(len(turn.words) for turn in lost if stretch.start_s <= turn.start_s < stretch.end_s)
        message = f"Words heard where nobody was found to speak: {count}. They are shown without a speaker."
        warnings.append(CallWarning(Code.UNATTRIBUTED_WORDS, message, stretch.start_s, stretch.end_s))
    return warnings


def _about_one_voice(turns: Sequence[Turn], alike: dict[str, Role]) -> list[CallWarning]:
    shared = [turn for turn in turns if turn.speaker in alike]
    if not shared:
        return []
    message = "One voice was found, but the words are those of two people. " + (
        "They were given to agent and customer by what is said, where that is clear. Listen to them."
        if len(alike) > 1
        else "Who said what is not known."
    )
    return [CallWarning(Code.ONE_VOICE, message, shared[0].start_s, max(turn.end_s for turn in shared))]


def _about_overlap(voices: Voices) -> list[CallWarning]:
    message = "Two people are heard at once on one track. Words of either may be missing here."
    return [
        CallWarning(Code.OVERLAP, message, round(both.start_s, 3), round(both.end_s, 3))
        for both in overlapping(_on_mixed(voices))
    ]


def _about_uncertain_words(transcript: Transcript) -> list[CallWarning]:
    return [
        CallWarning(
            Code.UNCERTAIN_WORDS,
            f"Words in a row that were heard with little certainty: {count}. Listen to them.",
            stretch.start_s,
            stretch.end_s,
        )
        for track in transcript.tracks
        for stretch, count in uncertain_stretches(track.words)
    ]
