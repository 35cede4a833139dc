"""English words as rules compare them: tokens in clauses, stems, and which words carry meaning.

Deliberately small and closed: tables that can be read whole, no grammar. A rule that needs more than this must be
written so that not understanding ends in a quotation. Nothing here tells languages apart except ``looks_english``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """The words of a table written as running text."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Token:
    """One word in lower case, with contractions opened ("we'll" is "we", "will").

    ``clause`` and ``sentence`` count from 0 through the text. ``capital``: written with one where no sentence starts.
    """

    text: str
    clause: int
    sentence: int
    capital: bool = False


_CONTRACTIONS = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shan't": "shall not",
    "ain't": "is not",
    "let's": "let us",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "have to",
    "y'all": "you",
    "o'clock": "o'clock",
}
_ENDINGS = {"'ll": "will", "'ve": "have", "'re": "are", "'m": "am", "'d": "would", "n't": "not"}
_IS_NOT_OWNS = word_set("it that this there here what who where how when he she everything nothing")

# An address, a sum or a time stays in one piece; everything else is cut at what is neither letter nor digit.
_PIECE = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|(?:https?://|www\.)\S+"
    r"|[$€£]?\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?(?![^\W_])%?"
    r"|[ap]\.m\.?"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*"
    r"|[$€£]?\d+(?:[.,:]\d+)*|[.,;:!?…—–()%]"
)
_SENTENCE_MARKS = frozenset(".!?…")
_CLAUSE_MARKS = frozenset(",;:—–()")
_TITLES = frozenset({"mr", "mrs", "ms", "dr"})
# Words before which a new clause begins even where nobody heard a comma.
_CLAUSE_WORDS = word_set("because although but unless if while whereas which")


@lru_cache(maxsize=512)
def tokenize(text: str) -> tuple[Token, ...]:
    """The words of a text in order; marks of punctuation only part clauses and sentences."""
    tokens: list[Token] = []
    clause = sentence = 0
    starts = True
    for match in _PIECE.finditer(text.replace("’", "'")):
        piece = match.group()
        if piece in _SENTENCE_MARKS:
            if tokens and not starts and not (piece == "." and tokens[-1].text in _TITLES):
                clause, sentence, starts = clause + 1, sentence + 1, True
            continue
        if piece in _CLAUSE_MARKS:
            clause += 1
            continue
        words = _open(piece.lower())
        if words and words[0] in _CLAUSE_WORDS and not starts:
            clause += 1
        for word in words:
            tokens.append(Token(word, clause, sentence, piece[0].isupper() and not starts and words[0] != "i"))
            starts = False
    return tuple(tokens)


def _open(piece: str) -> list[str]:
    if piece in _CONTRACTIONS:
        return _CONTRACTIONS[piece].split()
    if piece in ("%", "a.m", "a.m.", "p.m", "p.m."):
        return ["percent" if piece == "%" else piece.replace(".", "")]
    if piece.endswith("n't"):
        return [piece[:-3], "not"]
    for ending, word in _ENDINGS.items():
        if piece.endswith(ending) and len(piece) > len(ending):
            return [piece[: -len(ending)], word]
    if piece.endswith("'s"):
        owner = piece[:-2]
        return [owner, "is"] if owner in _IS_NOT_OWNS else [owner, "'s"]
    if piece[0] in "$€£":
        return [piece[1:], {"$": "dollar", "€": "euro", "£": "pound"}[piece[0]]]
    if piece.endswith("%"):
        return [piece[:-1], "percent"]
    return [piece]


NEGATIONS = word_set(
    "not no never nor neither none nothing nobody nowhere without unable refuse refused decline declined hardly"
)

MODALS = word_set("will would shall should can could may might must")

_FUNCTION_WORDS = word_set("""
    a an the and or but so if then than as of to in on at by for from with within into onto about over under up
    down out off between after before during until till since through per via this that these those there here it
    its is are was were be been being am do does did done doing have has had having will would shall should can
    could may might must not no never nor neither i me my mine we us our ours you your yours he him his she her
    hers they them their theirs who whom whose which what when where why how also too very just only really well
    still already yet again back now because while whereas although though unless whether even ever such some any
    each every all both either more most much many few little other another same own one ones yes yeah yep okay ok
    oh uh um please thank thanks 's let go going get got gets getting going make makes made making take takes took
    taking come comes came coming like kind sort hi hello hey thing things something anything everything nothing
    lot bit
    """)
_LIGHT_VERBS = word_set("go going get got gets getting make makes made making take takes took taking come comes")

# Words that many languages do not share; about half of spoken English is made of these.
_ENGLISH = word_set("""
    the and of to is are you i it that this have has with for your my we they not do can will what how there from
    be but if would could just about yes okay thank thanks please call was were our me been because had no
    """)
ENGLISH_SHARE = 0.25
"""From this share of everyday English words on, a text is taken for English; German and Spanish stay under 0.1."""


def looks_english(texts: Iterable[str]) -> bool:
    """Whether rules made for English may be used on these words. Nothing said: no."""
    words = [token.text for text in texts for token in tokenize(text)]
    return bool(words) and sum(word in _ENGLISH for word in words) / len(words) >= ENGLISH_SHARE


_IRREGULAR = {
    "bought": "buy", "brought": "bring", "came": "come", "gave": "give", "given": "give", "went": "go", "gone": "go",
    "sent": "send", "paid": "pay", "said": "say", "told": "tell", "took": "take", "taken": "take", "made": "make",
    "got": "get", "gotten": "get", "saw": "see", "seen": "see", "knew": "know", "known": "know", "thought": "think",
    "found": "find", "left": "leave", "lost": "lose", "kept": "keep", "spoke": "speak", "spoken": "speak",
    "wrote": "write", "written": "write", "heard": "hear", "held": "hold", "met": "meet", "put": "put", "ran": "run",
    "broke": "break", "broken": "break", "felt": "feel", "fell": "fall", "began": "begin", "begun": "begin",
    "chose": "choose", "chosen": "choose", "drove": "drive", "driven": "drive", "sold": "sell", "stood": "stand",
    "understood": "understand", "built": "build", "dealt": "deal", "stole": "steal", "stolen": "steal",
    "spent": "spend", "worn": "wear", "grew": "grow", "children": "child", "people": "person", "men": "man",
    "women": "woman", "had": "have", "has": "have", "did": "do", "done": "do", "does": "do", "was": "be", "were": "be",
    "been": "be",
    "is": "be", "are": "be", "am": "be", "days": "day", "dying": "die", "tried": "try", "shipping": "ship",
    "cancelled": "cancel", "canceled": "cancel", "cancelling": "cancel", "cancellation": "cancel",
}  # fmt: skip

# Different words for one thing, where the difference carries no meaning in a call.
_SAME = {
    "telephone": "phone", "e-mail": "email", "vehicle": "car", "trouble": "problem", "issue": "problem",
    "complimentary": "free", "immediate": "immediately", "replacement": "replace", "repair": "fix", "mum": "mother",
    "mom": "mother", "dad": "father", "investigation": "investigate", "reservation": "book", "booking": "book",
    "payment": "pay", "delivery": "deliver", "assist": "help", "assistance": "help", "ring": "call",
}  # fmt: skip


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """What the forms of a word share: "charges", "charged" and "charging" are "charg". Rough, and the same for both
    sides of a comparison, which is all that is asked of it."""
    word = _IRREGULAR.get(word, word)
    if word in _SAME:
        return stem_once(_SAME[word])
    once = stem_once(word)
    # "issues" and "issued" are found in the table too.
    for base in (once, once + "e"):
        if base in _SAME:
            return stem_once(_SAME[base])
    return once


def stem_once(word: str) -> str:
    """Takes the common endings off, never leaving fewer than three letters."""
    for ending, instead in (("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")):
        rest = word[: len(word) - len(ending)]
        if word.endswith(ending) and len(rest) >= 3 and not (ending == "s" and word.endswith(("ss", "us", "is"))):
            word = rest + instead
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" and ending in ("ing", "ed"):
                word = word[:-1]  # "shipped", "planning"
            break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    return word


def is_content(word: str) -> bool:
    """Whether a word carries meaning of its own. Numbers are looked at elsewhere (``worker.core.numbers``)."""
    return word not in _FUNCTION_WORDS and not word[0].isdigit() and len(word) > 1


def is_light_verb(word: str) -> bool:
    """A verb so general that it may stand for another: "make", "take", "get"."""
    return word in _LIGHT_VERBS


def content_stems(tokens: Sequence[Token]) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    return [stem(token.text) for token in tokens if is_content(token.text)]
