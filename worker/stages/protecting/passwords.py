"""Passwords, pass phrases and memorable words: what is said after one is spoken of, and what answers who asks for it.

What a password is cannot be seen in the word itself. So the words after "my password is" are taken, and the first words
of the answer to a question that asks for one; not those that say it was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.protection import Found, Kind
from worker.core.wording import word_set
from worker.stages.protecting.rows import Script, cue, opened
from worker.stages.protecting.spoken import Form, Piece, Talk
from worker.stages.protecting.vocabulary import NUMBER_LANGUAGES, of

MOST_WORDS = 8
MOST_SPELLED = 40  # pieces of one that is spelled out
REPEATED_WITHIN = 100  # pieces
SHORTEST_REPEAT = 4  # letters of a word of it that is found again by itself

_WHICH = (  # "past word": the two sound alike, and are written as they sound
    r"(?:pas[st] ?(?:- )?words?|pas[st] ?(?:- )?phrases?|pas[st] ?keys?|"
    r"(?:memorable|security|secret|safe|magic|secure) words?|"
    r"code ?words?|security answer|passwort|passwörter|kennwort|losungswort|codewort|sicherheitswort|mot de passe|"
    r"mots? secrets?|code secret|contraseña|palabra (?:clave|secreta|de seguridad)|clave de acceso)"
)
_OF_WHAT = r"(?: (?:for|on|to|of|für|pour|de|para|del?) (?:\S+ ){0,3}?\S+)?"
_IS = (
    r"(?:is|it's|was|will be|would be|used to be|to|as|ist|war|lautet|auf|heißt|est|c'est|es|era|será)"
    r"(?: (?:now|just|still|currently|temporarily|all one word|jetzt|ahora|maintenant))*"
)
_ASKING = (
    r"(?:what|what's|which|can|could|may|give|tell|confirm|need|say|have|was|wie|welches|nennen|sagen|quel|donner|"
    r"donnez|cuál|dígame|decir|me dice)"
)
_SIGNS = r"(?:letters?|characters?|buchstaben?|lettres?|letras?)"
_SAID = cue(rf"{_WHICH}{_OF_WHAT} {_IS}")
_ASKED = cue(
    rf"{_ASKING} (?:\S+ ){{0,8}}?{_WHICH}\??", rf"(?:your|ihr|votre|su|the|das|le|la) {_WHICH}\?",
    rf"{_SIGNS} (?:\S+ ){{0,6}}?(?:of|from|in|aus|de|del) (?:\S+ ){{0,2}}?{_WHICH}\??",
)  # fmt: skip
_AS = cue(rf"as (?:my|the|a|his|her|our) {_WHICH}")
_USING = word_set("using use used have had put entered typed set chose")
MOST_USED = 4  # words
_NO_ANSWER = cue(
    "forgot", "forgotten", "forget", "remember", "don't", "can't", "cannot", "didn't", "doesn't", "isn't", "won't",
    "no", "not", "never", "reset", "change", "changed", "wait", "wrong", "lost", "which", "what", "why", "how",
    "sorry", "link", "vergessen", "nicht", "kein", "keine", "weiß", "zurücksetzen", "falsch", "oublié", "sais", "pas",
    "réinitialiser", "olvidado", "olvidé", "recuerdo", "acuerdo", "cambiar", "sé",
)  # fmt: skip
_IS_NONE = cue(
    "not", "wrong", "incorrect", "required", "expired", "reset", "protected", "being", "going", "no longer",
    "the same", "too", "valid", "invalid", "case", "important", "for", "needed", "correct", "right", "there", "that",
    "locked", "saved", "what", "a", "your", "you", "about", "at least", "something", "falsch", "abgelaufen", "nicht",
    "incorrecto", "expiré",
)  # fmt: skip
_LEADS = cue(
    "it's", "it", "is", "it is", "that's", "that", "would", "be", "my", "the", "password", "word", "answer", "um",
    "uh", "should", "was", "so", "well", "of course", "sure", "es", "ist", "das", "lautet", "mein", "meine", "c'est",
    "mon", "est", "sí", "la", "mi", "all", "capital", "lower", "case", "i", "think", "let", "me", "see", "first",
    "they", "are", "that'd", "it'd", "that'll", "it'll",
)  # fmt: skip


_TURNS = word_set("but because which please aber weil mais pero")
_ANDS = word_set("and so or then und et y")
_SUBJECTS = word_set("""
    it i then you we that the they he she ich es sie je il elle vous me no
    """)


def find_passwords(talk: Talk) -> Iterator[Found]:
    """Every password that was said, and its words where they are said again soon after."""
    script = Script(talk)
    found: dict[tuple[int, int], None] = {}
    for _, end in script.find(_SAID):
        stretch = _words_from(talk, end, talk.pieces[end - 1].turn)
        if stretch and not _begins_with(script, stretch, _IS_NONE):
            found[stretch] = None
    for _, end in script.find(_ASKED):
        stretch = _answer(talk, script, end)
        if stretch:
            found[stretch] = None
    for first, _ in script.find(_AS):
        if stretch := _used(talk, first):
            found[stretch] = None
    for first, end in found:
        yield from talk.found(Kind.PASSWORD, talk.pieces[first:end])
        yield from _again(talk, first, end)


def _used(talk: Talk, at: int) -> tuple[int, int] | None:
    """The words before "as my password", from the verb on that they are used by."""
    for first in range(at - 1, max(-1, at - 2 - MOST_USED), -1):
        piece = talk.pieces[first]
        if piece.turn != talk.pieces[at].turn:
            return None
        if piece.said in _USING:
            return (first + 1, at) if first + 1 < at else None
    return None


def _begins_with(script: Script, stretch: tuple[int, int], what: object) -> bool:
    first, end = stretch
    return what.match(script.between(first, min(end, first + 2)).lstrip()) is not None  # type: ignore[attr-defined]


def _answer(talk: Talk, script: Script, asked: int) -> tuple[int, int] | None:
    """The first words of the next turn of another side; None where it says that there is no answer."""
    if asked >= len(talk.pieces):
        return None
    turn = talk.pieces[asked - 1].turn
    at = asked
    while at < len(talk.pieces) and talk.pieces[at].turn == turn:
        at += 1
    if at == len(talk.pieces) or talk.side(talk.pieces[at].turn) == talk.side(turn):
        return None
    stretch = _words_from(talk, at, talk.pieces[at].turn)
    if stretch is None or _NO_ANSWER.search(script.between(at, stretch[1])):
        return None
    return stretch


def _words_from(talk: Talk, at: int, turn: int) -> tuple[int, int] | None:
    """What is said from a place on, to the end of the sentence, without the words that lead in. Of a sentence too long
    for a password, what is spelled out; nothing where nothing is."""
    fillers = of(talk.language if talk.language in NUMBER_LANGUAGES else "en").fillers
    while at < len(talk.pieces) and talk.pieces[at].turn == turn and _leads_in(talk.pieces[at], fillers):
        at += 1
    first = end = at
    while end < len(talk.pieces) and talk.pieces[end].turn == turn and end - first < MOST_SPELLED:
        end += 1
        if talk.pieces[end - 1].after and talk.pieces[end - 1].after in ".?!;" and not _is_sign(talk.pieces[end - 1]):
            break
        if end - first > 0 and _goes_on_otherwise(talk, end):
            break
    if first == end:
        return None
    words = sum(piece.form is Form.WORD for piece in talk.pieces[first:end])
    if words <= MOST_WORDS:
        return first, end
    stop = first
    while stop < end and (talk.pieces[stop].form is not Form.WORD or stop - first < 2):
        stop += 1
        if talk.pieces[stop - 1].after == ",":
            break
    return first, stop


def _leads_in(piece: Piece, fillers: frozenset[str]) -> bool:
    return piece.form is Form.WORD and (piece.said in fillers or _LEADS.fullmatch(opened(piece.said)) is not None)


def _goes_on_otherwise(talk: Talk, at: int) -> bool:
    """Whether something else is said from here on: "and it still says wrong" is no part of a password."""
    said = [piece.said for piece in talk.pieces[at : at + 2]]
    return len(said) == 2 and (said[0] in _TURNS or (said[0] in _ANDS and said[1] in _SUBJECTS))


def _is_sign(piece: Piece) -> bool:
    """Spelled out, each sign may stand as a sentence of its own: "B. R. 7." """
    return piece.form in (Form.LETTER, Form.DIGITS)


def _again(talk: Talk, first: int, end: int) -> Iterator[Found]:
    """Two of its words in a row, or one long one, said again soon before or after."""
    secret = [piece.text for piece in talk.pieces[first:end]]
    at, stop = max(0, first - REPEATED_WITHIN), min(len(talk.pieces), end + REPEATED_WITHIN)
    while at < stop:
        same = _same_from(talk, at, secret) if not first <= at < end else 0
        some = talk.pieces[at : at + same]
        if same > 1 or (
            same == 1 and some[0].form in (Form.WORD, Form.DIGITS) and len(some[0].text) >= SHORTEST_REPEAT
        ):
            yield from talk.found(Kind.PASSWORD, some)
        at += max(1, same)


def _same_from(talk: Talk, at: int, secret: list[str]) -> int:
    """How many pieces from a place on are pieces of the secret in their order, from any of them on."""
    longest = 0
    for begin in range(len(secret)):
        same = 0
        while (
            begin + same < len(secret)
            and at + same < len(talk.pieces)
            and talk.pieces[at + same].text == secret[begin + same]
        ):
            same += 1
        longest = max(longest, same)
    return longest
