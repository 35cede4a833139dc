"""The words of a promise: those it rests on, and those in which it is told."""

from __future__ import annotations

import re

from worker.core.call import Party
from worker.core.due import due_places
from worker.core.evidence import NAMED, Sentence, cut
from worker.core.reported import to_reported
from worker.core.summary import Evidence
from worker.core.wording import word_set

LONGEST_EVIDENCE_WORDS = 25
LONGEST_WHAT_WORDS = 16

_PERSONS = re.compile(
    r"\b(?:(?P<own>i|me|we|us)|(?P<owns>my|our)|(?P<other>you|your|yours))\b(?P<short>'\w+)?", re.IGNORECASE
)
_LONG_FORMS = {"'ll": " will", "'re": " is", "'m": " is", "'ve": " has"}
_SHORT_WILL = re.compile(r"(?:'ll|(?:'s|'re| is| are) (?:going to|gonna)| gonna) (?!.* will )")
_IS_DOING = re.compile(r"(?:'s| is|'re| are) (?=\w+ing\b|scheduled\b|booked\b|due\b|on (?:its|the|their|his|her) way)")
_DOES = re.compile(r" (?P<act>go(?=es)|get|come|ship|arrive|pick|call|ring|collect|drop|bring|deliver)e?s\b")
_NOISE = re.compile(
    r"(?<![\w'])(?:um+|uh+|er+|erm|you know(?=,)|i mean(?=,)|guys|please|myself|ourselves)(?![\w'])[, ]*", re.IGNORECASE
)
_SOMETHING_ELSE = re.compile(
    r"(?<!^),\s+(?!and |or |then |but not |not |(?:um|uh),)|(?<!\bmr)(?<!\bmrs)(?<!\bms)(?<!\bdr)[?.!;:](?=\s|"
    r"$)|\s(?:once|because|"
    r"so|when|if|unless|since|while)\s",
    re.IGNORECASE,
)
"""Where the act ends that is told, and what hangs on it begins."""
_LOOSE_END = re.compile(
    r"[\s,;:.!?–—-]+(?:(?:and|or|but|so|to|the|a|an|for|of|with|by|at|your|okay|ok|then|from|is|as|just|well|"
    r"after|before|until|till|than|if|unless|because|which|about|between|during|without|into|onto|either|not|but not|"
    r"sometime|sir|madam|ma'am|no|wait|even)?[\s,;:.!?–—-]*)$",
    re.IGNORECASE,
)
_CUT_THROUGH = re.compile(
    r"(?:\s+(?:in|on|over|under|through|per|when|once|while|that|(?:the )?(?:customer|agent)'s|our|my))+$"
)
_SAYS_LESS = re.compile(r"\b(?:not|never|no|without|except|unless|only|but)\b|n't\b", re.IGNORECASE)
_AGREES = re.compile(
    r"(?P<who>\b(?:if|unless|that|once|after|when|as soon as|as long as|assuming|providing|provided) "
    r"the (?:customer|agent|other side)) (?P<verb>[a-z]+)\b"
)
_ODD = {"have": "has", "are": "is", "do": "does"}
_KEEP = word_set("""
    is has was were had can could will would shall should might may must does did got sent paid made gave went came
    bought lost found took left heard said and or of in at on just still ever really also only not never already
    """)
_HALF_A_CHOICE = re.compile(r"\beither\b(?!.*\bor \w)")


def cut_words(sentence: Sentence, start: int, end: int) -> Evidence:
    """The whole words of a sentence that lie in its letters ``[start, end)``, exactly as they stand in the turn.

    At most ``LONGEST_EVIDENCE_WORDS``; the last are left out.
    """
    places = _places(sentence)
    inside = [at for at, (first, last) in enumerate(places) if first < end and last > start][:LONGEST_EVIDENCE_WORDS]
    text = sentence.text[places[inside[0]][0] : places[inside[-1]][1]]
    if (
        len(places) != sentence.end - sentence.first
    ):  # words that cannot be found in the text have no seconds of their own
        return Evidence(sentence.turn.id, sentence.turn.start_s, sentence.turn.end_s, text)
    piece = Sentence(sentence.turn, sentence.first + inside[0], sentence.first + inside[-1] + 1, text)
    return cut(piece, piece)


def is_short(sentence: Sentence) -> bool:
    """Whether a sentence can be evidence as a whole."""
    return len(sentence.text.split()) <= LONGEST_EVIDENCE_WORDS


def _places(sentence: Sentence) -> list[tuple[int, int]]:
    """Where the words of a sentence stand in its text: the words as heard, else whatever spaces part."""
    places = []
    at = 0
    for word in sentence.turn.words[sentence.first : sentence.end]:
        start = sentence.text.find(word.text, at)
        if start < 0 or not word.text:
            return [match.span() for match in re.finditer(r"\S+", sentence.text)]
        at = start + len(word.text)
        places.append((start, at))
    return places or [match.span() for match in re.finditer(r"\S+", sentence.text)]


def tell(words: str, party: Party, condition: str = "") -> str:
    """What was promised in a few words, out of the words of ``party``: persons named, no word of when.

    ``condition`` ("if it fails again") stands behind it. Empty where that, or what the act leaves out, has no room.
    """
    act = _tidy(_SOMETHING_ELSE.split(_without_due(words), maxsplit=1)[0], party)
    return with_condition(act, condition, party)


def with_condition(act: str, condition: str, party: Party) -> str:
    """What was promised with what it waits for; empty where there is no room for both, or no sense in it."""
    waits = _AGREES.sub(_third_person, _tidy(condition[:1].lower() + condition[1:], party))
    said = f"{act} {waits}".split()
    left_out = " ".join(said[LONGEST_WHAT_WORDS:])
    if (waits and left_out) or _SAYS_LESS.search(left_out) or _HALF_A_CHOICE.search(act):
        return ""
    told = " ".join(said[:LONGEST_WHAT_WORDS])
    return _without_loose_end(_CUT_THROUGH.sub("", told) if left_out else told)


def _third_person(match: re.Match[str]) -> str:
    """ "If you return it" is told as "if the customer returns it"."""
    verb = match["verb"]
    if verb in _KEEP or verb.endswith(("ed", "s", "ly")):
        return match.group()
    ending = "es" if verb.endswith(("ss", "sh", "ch", "x", "o")) else "s"
    changed = _ODD.get(verb) or (f"{verb[:-1]}ies" if re.search("[^aeiou]y$", verb) else f"{verb}{ending}")
    return f"{match['who']} {changed}"


def _without_loose_end(told: str) -> str:
    while (shorter := _LOOSE_END.sub("", f"{told} ").strip()) != told:
        told = shorter
    return told


def in_the_future(told: str) -> str:
    """What another one is promised to do, in one form: "he'll come", "he is coming" and "he comes" have "will"."""
    told = _SHORT_WILL.sub(" will ", told, count=1)
    if " will " in told:
        return told
    going = _IS_DOING.sub(" will be ", told, count=1)
    return going if going != told else _DOES.sub(lambda match: f" will {match['act']}", told, count=1)


def _without_due(words: str) -> str:
    for start, end in reversed(due_places(words)):
        words = f"{words[:start]} {words[end:]}"
    return words


def _tidy(words: str, party: Party) -> str:
    named = _PERSONS.sub(lambda match: _named(match, party), _NOISE.sub(" ", words.replace("’", "'")))
    named = re.sub(r"\s+([,;])", r"\1", " ".join(named.split()))
    return _without_loose_end(named.strip(" ,;:.!?–—-"))


def _named(match: re.Match[str], party: Party) -> str:
    """Who is meant by "you" is told as in reported speech; the speaker is always named, since no sentence names him."""
    short = _LONG_FORMS.get((match["short"] or "").lower(), match["short"] or "")
    if match["other"]:
        return f"{to_reported(match['other'], party)}{short}"
    speaker = NAMED[party].lower()
    return f"{speaker}'s" if match["owns"] else f"{speaker}{short}"
