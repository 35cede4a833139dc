"""The small words with which numbers and letters are spoken, by language: zeros, doubles, signs, spelling alphabets."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

NUMBER_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
"""Languages whose number words text2num reads. Of the last three no other words are known here."""

WRITTEN_SIGNS = {"–": "-", "—": "-", "‑": "-", "−": "-", "⁄": "/"}


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Vocabulary:
    """The words of one language, in small letters."""

    language: str
    zero: str = "zero"
    zeros: frozenset[str] = frozenset()  # words that are a zero only beside other digits
    articles: frozenset[str] = frozenset()  # words that are a one only beside other digits
    repeats: dict[str, int] = field(default_factory=dict)  # "double": 2
    signs: dict[str, str] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)  # always this letter: "zed"
    alphabet: frozenset[str] = frozenset()  # words that stand for their first letter
    links: frozenset[tuple[str, ...]] = frozenset()  # "N for November"
    fillers: frozenset[str] = frozenset()  # said in the middle of a number, meaning nothing


_NATO = word_set(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa "
    "quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu"
)

_ENGLISH = Vocabulary(
    "en",
    zeros=word_set("oh o nought naught nil aught zip"),
    articles=word_set("one ones"),
    repeats={"double": 2, "triple": 3, "treble": 3, "quadruple": 4},
    signs={
        "dash": "-",
        "hyphen": "-",
        "minus": "-",
        "slash": "/",
        "stroke": "/",
        "dot": ".",
        "point": ".",
        "period": ".",
        "at": "@",
        "underscore": "_",
        "plus": "+",
        "hash": "#",
        "star": "*",
        "asterisk": "*",
        "comma": ",",
    },
    letters={"zed": "z", "zee": "z"},
    alphabet=_NATO,
    links=frozenset({("for",), ("as", "in"), ("like",), ("like", "in")}),
    fillers=word_set(
        "uh um er erm hm hmm mhm mm ah eh okay ok yes yeah yep right sure so and then next now  well got it that's "
        "alright go ahead please carry on uh-huh the is followed by thanks thank you great perfect continue sorry"
    ),
)

_GERMAN = Vocabulary(
    "de",
    zero="null",
    articles=word_set("ein eine einen einem einer eines eins"),
    repeats={"doppel": 2, "doppelt": 2, "zweimal": 2, "dreimal": 3, "dreifach": 3, "viermal": 4},
    signs={
        "strich": "-",
        "bindestrich": "-",
        "minus": "-",
        "schrägstrich": "/",
        "slash": "/",
        "punkt": ".",
        "at": "@",
        "ät": "@",
        "klammeraffe": "@",
        "unterstrich": "_",
        "plus": "+",
        "raute": "#",
        "stern": "*",
        "komma": ",",
    },
    letters={"ypsilon": "y", "eszett": "ß"},
    alphabet=_NATO
    | word_set(
        "anton berta cäsar dora emil friedrich gustav heinrich ida julius kaufmann konrad ludwig martha nordpol otto "
        "paula quelle richard samuel siegfried theodor ulrich viktor wilhelm xanthippe xaver zacharias zeppelin"
    ),
    links=frozenset({("wie",), ("für",)}),
    fillers=word_set(
        "äh ähm öh hm hmm mhm ja jawohl gut okay ok genau und dann weiter richtig also so die danke bitte moment alles "
        "klar nochmal mal nächste"
    ),
)

_FRENCH = Vocabulary(
    "fr",
    zero="zéro",
    articles=word_set("un une"),
    repeats={"double": 2, "triple": 3, "quadruple": 4},
    signs={
        "tiret": "-",
        "moins": "-",
        "slash": "/",
        "barre": "/",
        "point": ".",
        "arobase": "@",
        "arobas": "@",
        "plus": "+",
        "underscore": "_",
        "dièse": "#",
        "étoile": "*",
        "virgule": ",",
    },
    letters={"zède": "z", "zed": "z"},
    alphabet=_NATO
    | word_set(
        "anatole berthe célestin désiré eugène françois gaston henri irma joseph kléber louis marcel nicolas oscar "
        "pierre quintal raoul suzanne thérèse ursule victor william xavier yvonne zoé"
    ),
    links=frozenset({("comme",), ("de",)}),
    fillers=word_set(
        "euh heu hum hm mhm oui d'accord ok okay bien très alors et puis ensuite voilà parfait donc le la les merci "
        "suite c'est bon"
    ),
)

_SPANISH = Vocabulary(
    "es",
    zero="cero",
    articles=word_set("un una uno"),
    repeats={"doble": 2, "triple": 3, "cuádruple": 4},
    signs={
        "guion": "-", "guión": "-", "menos": "-", "barra": "/", "punto": ".", "arroba": "@", "más": "+",
        "subrayado": "_",
        "almohadilla": "#", "asterisco": "*", "coma": ",",
    },
    letters={"zeta": "z", "hache": "h", "jota": "j", "equis": "x", "eñe": "ñ"},
    alphabet=_NATO | word_set(
        "antonio barcelona carmen dolores enrique francia gerona historia inés josé kilo lorenzo madrid navarra "
        "oviedo parís querido ramón sábado tarragona ulises valencia washington xiquena yegua zaragoza"
    ),
    links=frozenset({("de",), ("como",), ("de", "la")}),
    fillers=word_set(
        "eh em mm hm mhm sí vale bien bueno y luego después entonces correcto perfecto el la los gracias ok okay"
    ),
)  # fmt: skip


@cache
def of(language: str) -> Vocabulary:
    """The words of one of NUMBER_LANGUAGES."""
    known = {one.language: one for one in (_ENGLISH, _GERMAN, _FRENCH, _SPANISH)}
    return known.get(language) or Vocabulary(language, fillers=_ENGLISH.fillers)
