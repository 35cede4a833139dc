"""The words that tell what a number is that follows them: a card's number, its code, its expiry, or something else."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import accumulate

from worker.stages.protecting.spoken import Talk


class Topic(StrEnum):
    """What the talk is about where a number is said."""

    NUMBER = "number"  # somebody asks for a card's number, or says that it comes
    CODE = "code"
    EXPIRY = "expiry"
    CARD = "card"  # a card is spoken of, no more
    PAYMENT = "payment"  # something is paid, with whatever
    LAST = "last"  # "ending in", "the last four"
    OTHER = "other"  # an order, a parcel, a telephone, …


@dataclass(frozen=True)
class Cue:
    """Pieces ``[first, end)`` of the talk that say what it is about."""

    topic: Topic
    first: int
    end: int
    names_card: bool = False  # no other thing than a card is spoken of so
    is_pin: bool = False  # a secret of four digits, of a card unless something else is named
    counts_digits: bool = False  # "sixteen digits", of whatever


_CARDS = (
    r"visa|master ?card|maestro|amex|american express|diners(?: club)?|discover card|jcb|union ?pay|girocard|"
    r"ec karte|"
    r"carte bleue"
)
_SURE_CODE = re.compile(
    r"c[ .]*v|c ?i ?d|crypto|\w*prüf|sicherheits|security|verification|card|c[óo]digo de s|code de s"
)
_PIN = re.compile(r"pin\b|geheimzahl|code (?:confidentiel|secret)|c[óo]digo secreto")
_SIXTEEN = r"(?:thirteen|fourteen|fifteen|sixteen|nineteen|13|14|15|16|19)"
_COUNT = re.compile(rf"(?:{_SIXTEEN}|seize|quinze|sechzehn|fünfzehn|diecis[ée]is|quince) ?-? ?\w+")

_PATTERNS: dict[str, dict[Topic, str]] = {
    "en": {
        Topic.NUMBER: (
            r"(?:card|credit|debit) (?:card )?(?:number|details|digits)s?|number (?:on|of|from|across|"
            r"off) (?:the|your|my|that|this)"
            r"(?: front of (?:the|your|my))?(?: \w+)? card|long (?:card )?number|number on the front|"
            r"number across the front|"
            rf"{_SIXTEEN} ?-? ?digits?(?: (?:card )?number)?|(?:read|give|tell|take|have) (?:me |you )?(?:the|"
            rf"your|my) (?:\w+ )?card|"
            r"(?:(?:first|second|next|middle) (?:four|six|eight|4|6|8)|last (?:six|eight|twelve|6|8|12))"
            r"(?: (?:digits|numbers))?|"
            r"pan number|groups? of (?:four|4)|"
            r"(?:another|other|new|different|same) card|numbers? (?:on|across) the front|"
            rf"(?:{_CARDS})(?: card)?(?: here)?(?: is|'s| number)|"
            r"card(?: here)?(?: is|'s| it's| it is)(?: it's)?(?! end| in | not| still| been)"
        ),
        Topic.CODE: (
            r"c[ .]*[vbd][ .]*(?:[vcbd]|2)(?: ?2)?|c ?i ?d(?: code| number)|(?:card )?(?:security|verification|"
            r"validation) (?:code|number|digits)|"
            r"(?:three|four|3|4|last three|last 3) ?-? ?(?:digits?|numbers?)(?: (?:security )?(?:code|number))?"
            r"(?! of (?:your|the|my) (?:phone|account))|"
            r"(?:on|at|from) the (?:back|reverse|signature strip)|signature strip|"
            r"next to the signature|"
            r"(?:three|four|3|4) (?:on|from|off|at) the (?:front|back|reverse|strip)|"
            r"(?:the )?code (?:on|from|for|of|printed on) (?:the|your|my|that) (?:back|front|card)|codes?(?: is|"
            r"'s)|and (?:the )?code|"
            r"pin(?: number| code)?"
        ),
        Topic.EXPIRY: (
            r"(?<!about to )(?<!going to )expir(?:y|ation|es?|ing)(?: date)?|exp(?: date)?|"
            r"(?<!not )valid\w*(?: (?:un)?til{1,2}| thru| through| to| from)?|"
            r"good (?:un)?til{1,2}|good (?:thru|through)|runs? (?:out|until|till|to)|end date|"
            r"month and (?:the )?year|"
            r"date (?:it's|it is) valid"
        ),
        Topic.CARD: rf"cards?|(?:my|your|the|that|this) cart|{_CARDS}",
        Topic.PAYMENT: r"pay|pays|paying|payment|paid|charged?",
        Topic.LAST: (
            r"(?:the |its |my |your )?last (?:four|4)(?: (?:digits|numbers))?|ends?(?: in| with)?(?! of)|"
            r"ending(?: in| with)?|finishing"
        ),
        Topic.OTHER: (
            r"orders?|tracking|track|parcel|package|shipment|courier|references?|ref|tickets?|case|claim|policy|"
            r"invoices?|"
            r"bookings?|confirmation|reservation|serial|imei|sim|iccid|meter|mobile|phone|telephone|cell|call|"
            r"called|number to reach|"
            r"extension|fax|customer number|client number|account|sort code|iban|routing|membership|member|"
            r"loyalty|points card|"
            r"passport|licen[cs]e|warranty|guarantee|contract|subscription|offer|promotion|promo|voucher|coupon|"
            r"discount|"
            r"gift|error|flight|train|seat|room|flat|apartment|house number|postcode|post code|postal|zip|area code|"
            r"national insurance|social security|tax|delivery|appointment|channel|version|model|total|balance|amount|"
            r"price|bill|date of birth|born|birthday|one time|text(?:ed)?|s ?m ?s|alarm|door|gate|serves|"
            r"display|shows|s ?k ?u|part|item|product|batch|barcode|chassis|vin|complaint|"
            r"(?!(?:card|long|same|other|another|the|that|this|full|whole|right|wrong|my|your|a|security|verification|digits?|"
            r"credit|debit|pin|first|next|last|new|old|which|what|and|is|of|in|any|little|small)\b)"
            r"\w+ (?:number|id|reference)"
        ),
    },
    "de": {
        Topic.NUMBER: (
            r"(?:kredit|bank|debit|ec)?kartennummer|kartendaten|nummer (?:auf|von|der|ihrer|meiner)(?: der|"
            r" ihrer| meiner)? (?:\w*karte)|"
            r"(?:sechzehn|fünfzehn|16|15) ?-? ?(?:stellige|ziffern|stellen)(?: nummer)?|erste[nr]? vier|"
            r"nächste[nr]? vier|"
            r"\w*karte (?:ist|lautet)"
        ),
        Topic.CODE: (
            r"c ?v ?v ?2?|c ?v ?c ?2?|prüfziffern?|prüfnummer|kartenprüfnummer|sicherheits(?:code|nummer|zahl)|"
            r"(?:drei|3) ?-? ?"
            r"(?:stellige|ziffern|stellen|zahlen)(?: \w+)?|auf der rückseite|pin|geheimzahl|"
            r"(?:der )?code (?:ist|lautet|auf)"
        ),
        Topic.EXPIRY: (
            r"gültig(?:keit)?(?:sdatum)?(?: bis)?|ablaufdatum|verfalls?datum|läuft(?: \w+)? ab|abläuft|läuft bis|"
            r"bis wann"
        ),
        Topic.CARD: rf"\w*karten?|{_CARDS}",
        Topic.PAYMENT: r"zahle?n?|bezahl\w*|zahlung|abgebucht",
        Topic.LAST: r"letzten? vier(?: ziffern)?|endet(?: auf| mit)?|endend(?: auf)?|endziffern",
        Topic.OTHER: (
            r"\w*bestell\w*|sendung\w*|paket\w*|rechnung\w*|kunden\w*|auftrag\w*|vorgang\w*|vertrag\w*|"
            r"zähler\w*|telefon\w*|"
            r"handy\w*|serien\w*|\w*konto\w*|iban|police|versicherung\w*|flug\w*|zug|zimmer|postleitzahl|hausnummer|"
            r"gutschein\w*|fehler\w*|termin\w*|geburts\w*|referenz\w*|betrag|reisepass|führerschein|garantie|(?!karten|prüf)\w+nummer"
        ),
    },
    "fr": {
        Topic.NUMBER: (
            r"num[ée]ros? (?:de|de la|de votre|de ma|sur la|sur votre) carte(?: bancaire| bleue)?|"
            r"(?:seize|quinze|16|15) chiffres|carte (?:bancaire |bleue )?(?:c'est|est)|"
            r"(?:quatre )?(?:premiers|prochains) (?:quatre )?chiffres"
        ),
        Topic.CODE: (
            r"cryptogramme|c ?v ?v|c ?v ?c|(?:trois|3) (?:derniers )?chiffres|code de s[ée]curit[ée]|au dos|au verso|"
            r"code (?:c'est|est|confidentiel|secret)"
        ),
        Topic.EXPIRY: r"expir\w*|valable jusqu\w*|validit[ée]|valide jusqu\w*|date de fin",
        Topic.CARD: rf"cartes?|{_CARDS}",
        Topic.PAYMENT: r"pa[yi]\w*|r[èé]gl\w*",
        Topic.LAST: r"(?:quatre )?derniers (?:quatre )?chiffres|(?:se )?termin(?:e|ant)(?: par)?|finit par",
        Topic.OTHER: (
            r"commandes?|colis|suivi|facture|dossier|client|contrat|compteur|t[ée]l[ée]phone|portable|s[ée]rie|"
            r"compte|iban|"
            r"police|assurance|vol|train|chambre|code postal|bon|erreur|rendez-vous|naissance|r[ée]f[ée]rence|"
            r"montant|"
            r"passeport|permis|garantie|livraison|num[ée]ro d(?:e|') ?(?!carte)\w+"
        ),
    },
    "es": {
        Topic.NUMBER: (
            r"n[úu]mero (?:de|de la|de su|de mi|en la) tarjeta|(?:diecis[ée]is|quince|16|15) (?:d[íi]gitos|"
            r"n[úu]meros|cifras)|"
            r"(?:doy|dar|dice) (?:\w+ )?tarjeta|tarjeta (?:es|de cr[ée]dito es)|(?:primeros|siguientes) cuatro"
        ),
        Topic.CODE: (
            r"c ?v ?v|c ?v ?c|c[óo]digo (?:de seguridad|de verificaci[óo]n|es|secreto)|"
            r"(?:tres|3) (?:[úu]ltimos )?(?:d[íi]gitos|n[úu]meros|cifras)(?: de detr[áa]s)?|reverso|detr[áa]s|"
            r"por atr[áa]s|pin"
        ),
        Topic.EXPIRY: r"caduc\w*|venc\w*|v[áa]lida hasta|expir\w*|fecha de fin",
        Topic.CARD: rf"tarjetas?|{_CARDS}",
        Topic.PAYMENT: r"pag\w*|cobr\w*",
        Topic.LAST: r"[úu]ltimos cuatro(?: d[íi]gitos)?|termina(?:da)?(?: en)?|acaba(?:da)?(?: en)?",
        Topic.OTHER: (
            r"pedido|paquete|env[íi]o|seguimiento|factura|cliente|contrato|contador|tel[ée]fono|m[óo]vil|serie|"
            r"cuenta|iban|"
            r"p[óo]liza|seguro|vuelo|tren|habitaci[óo]n|c[óo]digo postal|cup[óo]n|error|cita|nacimiento|"
            r"referencia|importe|"
            r"pasaporte|garant[íi]a|n[úu]mero de (?!la |tarjeta)\w+"
        ),
    },
}


@cache
def _pattern(language: str) -> re.Pattern[str]:
    """One pattern for all topics; of two that begin at one place the stronger topic, which comes first."""
    topics = _PATTERNS.get(language, _PATTERNS["en"])
    return re.compile("|".join(rf"(?P<{topic}>\b(?:{topics[topic]})\b)" for topic in Topic))


def read_cues(talk: Talk) -> list[Cue]:
    """The cues of a talk in their order; none overlaps another, and none goes over the end of a turn."""
    pieces = talk.pieces
    ends = [
        "\n" if at + 1 < len(pieces) and pieces[at + 1].turn != piece.turn else " " for at, piece in enumerate(pieces)
    ]
    starts = [0, *accumulate(len(piece.said) + 1 for piece in pieces)]
    text = "".join(piece.said + end for piece, end in zip(pieces, ends, strict=True))
    cues = []
    for found in _pattern(talk.language or "en").finditer(text):
        topic = Topic(found.lastgroup or "")
        is_sure = topic in (Topic.NUMBER, Topic.CARD) or (topic is Topic.CODE and bool(_SURE_CODE.match(found.group())))
        first, end = bisect_right(starts, found.start()) - 1, bisect_right(starts, found.end() - 1)
        is_pin = topic is Topic.CODE and bool(_PIN.match(found.group()))
        counts = topic is Topic.NUMBER and bool(_COUNT.fullmatch(found.group()))
        cues.append(Cue(topic, first, end, is_sure, is_pin, counts))
    return cues
