"""Words of the pages: what codes mean to people, and lengths, days and instants as they are said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from babel.dates import format_date, format_time

from worker.core.call import Party
from worker.core.log.entry import Role
from worker.core.summary import StatementKind
from worker.core.transcript import Code
from worker.web.texts import _, language, later, locale, plural

STAGES_IN_WORDS = {
    "decode": later("opening the sound"),
    "listen": later("finding speech, music and silence"),
    "transcribe": later("writing down the words"),
    "separate": later("telling the voices apart"),
    "attribute": later("working out who said what"),
    "protect": later("taking out card numbers and the like"),
    "summarise": later("writing the short version"),
    "check": later("checking the short version against the words"),
    "publish": later("putting the record together"),
}
"""Every stage, in the order of a call's way."""

WARNINGS_IN_WORDS = {
    Code.TRUNCATED: later("The recording breaks off. What was there is shown; the end of the call is missing."),
    Code.NO_SPEECH: later("Nobody was heard to speak. Listen to the recording if somebody should be."),
    Code.SILENT_TRACK: later("One side of this recording is silent. Whoever should be heard there is missing here."),
    Code.SAME_SOUND: later("Both sides were recorded as one sound, so the voices were told apart by how they sound."),
    Code.NOT_HEARD: later("What was said here could not be made out, or not all of it."),
    Code.UNCERTAIN_WORDS: later("Several words in a row were heard with little confidence."),
    Code.OVERLAP: later("People spoke at the same time in places. Words of either may be missing there."),
    Code.UNKNOWN_PARTY: later("Of at least one voice it is not known whether it is the agent's or the customer's."),
    Code.DOUBTED_PARTY: later(
        "Whoever handed the recording over said which voice is whose; what the voices say speaks against it."
    ),
    Code.DAMAGED: later("Parts of the recording could not be read. There is silence in their place."),
    Code.OTHER_LANGUAGE: later(
        "The short version is written for English calls only. Here it quotes each side's own words."
    ),
    Code.UNATTRIBUTED_WORDS: later("Words were heard, but nobody was found who says them."),
    Code.ONE_VOICE: later("Two people sound like one voice here. Where it is not clear who speaks, no side is named."),
    Code.LANGUAGE_UNSURE: later("It is not certain which language was spoken, so words may have been heard wrongly."),
    Code.LANGUAGE_CHANGES: later(
        "Another language is spoken here. The words stand as they were said, in that language."
    ),
    Code.NO_MODEL: later(
        "The short version quotes the words as they were said; only promises are put into a sentence, by fixed rules."
    ),
    Code.LEGS_OVERLAP: later(
        "Parts of this call were recorded at the same time. They stand one after another here, and some may be heard "
        "twice."
    ),
    Code.LEGS_APART: later(
        "Between two parts of this call more time went by than is shown. The rest of it was left out here."
    ),
    Code.LEG_TIME_UNKNOWN: later(
        "It is not known how much time went by between two parts of this call, or not certain which of them came first."
    ),
    Code.LEGS_DIFFER: later(
        "The parts of this call were recorded in different ways, so one person may be shown as several voices."
    ),
    Code.CLIPPED: later("The recording is too loud and distorted in places. Words there may have been heard wrongly."),
}
"""What a warning means to the people who were on the call. The record's own message is for those who run it."""

PARTIES_IN_WORDS = {
    Party.AGENT: later("Agent"),
    Party.CUSTOMER: later("Customer"),
    Party.OTHER: later("Another voice"),
    Party.UNKNOWN: later("Unknown voice"),
}

PARTIES_BEHIND_NAMES = {
    Party.AGENT: later("agent"),
    Party.CUSTOMER: later("customer"),
    Party.OTHER: later("another voice"),
    Party.UNKNOWN: later("unknown voice"),
}
"""The same as it stands behind a name."""

ROLES_IN_WORDS = {
    Role.AGENT: later("agent"),
    Role.CUSTOMER: later("customer"),
    Role.NEXT_AGENT: later("agent of a later call"),
    Role.REVIEWER: later("reviewer"),
    Role.DESK: later("desk for requests"),
    Role.OPERATOR: later("operator"),
    Role.SYSTEM: later("this program"),
}
"""As what somebody acts, as it stands behind a name."""

KINDS_IN_WORDS = {
    StatementKind.ASKED: later("What was asked for"),
    StatementKind.EXPLAINED: later("What was explained"),
    StatementKind.DONE: later("What was done"),
    StatementKind.PROMISED: later("What was promised"),
    StatementKind.REFUSED: later("What was refused"),
    StatementKind.OUTCOME: later("Where it ended"),
    StatementKind.NEXT: later("What happens next"),
    StatementKind.DISAGREED: later("What the two sides disagreed on"),
}
"""The headings of ``worker.core.summary``, marked for the catalogues."""

LEADS = (
    later("The agent said:"),
    later("The agent asked:"),
    later("The customer said:"),
    later("The customer asked:"),
    later("Another voice said:"),
    later("Another voice asked:"),
    later("One speaker said:"),
    later("One speaker asked:"),
)
"""What stands before a quotation (``worker.core.evidence.quotation``): whose words they are."""

_LEAD = re.compile(rf"(?:^|(?<=” ))(?:{'|'.join(map(re.escape, LEADS))})(?= “)")

PLAIN_ENGLISH_DAY = "EEEE d MMMM y"  # the locale's own full form has a comma that nobody speaks

_SPOKEN_AS_I = re.compile(r"[ií]|h[ií](?!e)", re.IGNORECASE)


def with_leads(text: str) -> str:
    """A quotation with what stands before it in the reader's language; every other text as it is."""
    return _LEAD.sub(lambda lead: _(lead[0]), text)


def quoted(words: str) -> str:
    """Words within the marks of a quotation: "“It leaks.”"."""
    return _("“{words}”").format(words=words)


def joined(names: Sequence[str]) -> str:
    """Names as a sentence says them: "Maria Lopez and Daniel Price". Empty for none."""
    return ", ".join(names[:-1]) + and_before(names[-1]) + names[-1] if len(names) > 1 else "".join(names)


def and_before(name: str) -> str:
    """The word between the last name of several and the one before it, with its spaces."""
    if language() == "es" and _SPOKEN_AS_I.match(name):  # "Hugo e Inés": two vowels alike would run together
        return " e "
    return _(" and ")


def length_in_words(seconds: float) -> str:
    """A length as it is said: "9 minutes 5 seconds", "40 seconds", "less than a second"."""
    whole_s = round(seconds)
    if whole_s < 1:
        return _("less than a second")
    hours, rest = divmod(whole_s, 3600)
    minutes, left_s = divmod(rest, 60)
    parts = []
    if hours:
        parts.append(plural("{count} hour", "{count} hours", hours).format(count=hours))
    if minutes:
        parts.append(plural("{count} minute", "{count} minutes", minutes).format(count=minutes))
    if left_s:
        parts.append(plural("{count} second", "{count} seconds", left_s).format(count=left_s))
    return " ".join(parts)


def day_in_words(day: date) -> str:
    """A day as it is said: "Friday 13 March 2026"."""
    spoken = locale()
    return format_date(day, PLAIN_ENGLISH_DAY if spoken.language == "en" else "full", locale=spoken)


def instant_in_words(instant: datetime) -> str:
    """A day and a time of it in the instant's own zone, which is named: "Friday 13 March 2026, 17:00 UTC"."""
    time = format_time(instant.time(), "HH:mm", locale=locale())
    return f"{day_in_words(instant.date())}, {time} {instant.tzname() or ''}".strip()
