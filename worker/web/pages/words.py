"""Words of the pages: what codes mean to people, and lengths, days and instants as they are said."""

from __future__ import annotations

from datetime import date, datetime

from worker.core.call import Party
from worker.core.transcript import Code

STAGES_IN_WORDS = {
    "decode": "opening the sound",
    "listen": "finding speech, music and silence",
    "transcribe": "writing down the words",
    "separate": "telling the voices apart",
    "attribute": "working out who said what",
    "summarise": "writing the short version",
    "check": "checking the short version against the words",
    "publish": "putting the record together",
}
"""Every stage, in the order of a call's way."""

WARNINGS_IN_WORDS = {
    Code.TRUNCATED: "The recording breaks off. What was there is shown; the end of the call is missing.",
    Code.NO_SPEECH: "Nobody was heard to speak. Listen to the recording if somebody should be.",
    Code.SILENT_TRACK: "One side of this recording is silent. Whoever should be heard there is missing here.",
    Code.SAME_SOUND: "Both sides were recorded as one sound, so the voices were told apart by how they sound.",
    Code.NOT_HEARD: "What was said here could not be made out, or not all of it.",
    Code.UNCERTAIN_WORDS: "Several words in a row were heard with little confidence.",
    Code.OVERLAP: "People spoke at the same time in places. Words of either may be missing there.",
    Code.UNKNOWN_PARTY: "Of at least one voice it is not known whether it is the agent's or the customer's.",
    Code.DOUBTED_PARTY: (
        "Whoever handed the recording over said which voice is whose; what the voices say speaks against it."
    ),
    Code.DAMAGED: "Parts of the recording could not be read. There is silence in their place.",
    Code.OTHER_LANGUAGE: "The short version is written for English calls only. Here it quotes each side's own words.",
    Code.UNATTRIBUTED_WORDS: "Words were heard, but nobody was found who says them.",
    Code.ONE_VOICE: "Two people sound like one voice here. Where it is not clear who speaks, no side is named.",
    Code.LANGUAGE_UNSURE: "It is not certain which language was spoken, so words may have been heard wrongly.",
    Code.LANGUAGE_CHANGES: "Another language is spoken here. The words stand as they were said, in that language.",
    Code.NO_MODEL: "The short version quotes the words as they were said; only promises are put into a sentence, by "
    "fixed rules.",
    Code.CLIPPED: "The recording is too loud and distorted in places. Words there may have been heard wrongly.",
}
"""What a warning means to the people who were on the call. The record's own message is for those who run it."""

PARTIES_IN_WORDS = {
    Party.AGENT: "Agent",
    Party.CUSTOMER: "Customer",
    Party.OTHER: "Another voice",
    Party.UNKNOWN: "Unknown voice",
}


def length_in_words(seconds: float) -> str:
    """A length as it is said: "9 minutes 5 seconds", "40 seconds", "less than a second"."""
    whole_s = round(seconds)
    if whole_s < 1:
        return "less than a second"
    hours, rest = divmod(whole_s, 3600)
    minutes, left_s = divmod(rest, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (left_s, "second")]
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count)


def day_in_words(day: date) -> str:
    """A day as it is said: "Friday 13 March 2026"."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def instant_in_words(instant: datetime) -> str:
    """A day and a time of it in the instant's own zone, which is named: "Friday 13 March 2026, 17:00 UTC"."""
    return f"{day_in_words(instant)}, {instant:%H:%M} {instant.tzname() or ''}".strip()
