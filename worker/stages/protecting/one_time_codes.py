"""One-time codes: digits, or signs spelled out, that are read out or asked for where such a code is spoken of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from worker.core.protection import Found, Kind
from worker.stages.protecting.rows import Row, Script, after_cues, cue, is_named_otherwise, rows, with_repeats
from worker.stages.protecting.spoken import Talk

SHORTEST, LONGEST = 4, 10
ANSWERED_WITHIN = 70  # pieces: a code is waited for
ANOTHER_WITHIN = 40  # pieces

_CODE = r"(?:pass ?codes?|codes?|pins?|numbers?|passwords?)"
_SENT = r"(?:sent|send|sending|texted|text|texting|emailed|received|receive|get|got|getting|given)"
_HAS_COME = (
    r"(?:sent|texted|emailed|received|came|come|comes|got|arrived|through|see|text message|app|phone|inbox|email)"
)
_ASKED = cue(
    r"(?:one|1) ?(?:- )?time (?:- )?" + _CODE, "otp", "o t p",
    r"(?:verification|authentication|authori[sz]ation|confirmation|log ?in|sign ?in|access|activation) codes?",
    _SENT + r" (?:\S+ ){0,6}?(?:(?:pass)?codes?|pins?)", r"(?:(?:pass)?codes?|pins?) (?:\S+ ){0,6}?" + _HAS_COME,
    r"(?:read|tell|give) (?:\S+ ){0,3}?(?:the|that|your) (?:\S+ )?(?:pass)?code",
    r"(?:four|five|six|seven|eight|4|5|6|7|8) (?:- )?digit (?:(?:pass)?code|pin|number)",
    r"(?:pass)?code (?:is|it's|i have is|i've got is|says|was)", "bestätigungscode", "sicherheitscode", "einmalcode",
    "einmalpasswort", "tan", "sms code", "freischaltcode", "zugangscode", "code (?:aus der|per) (?:sms|app)",
    r"code (?:de|par) (?:vérification|sécurité|confirmation|sms)", r"code (?:que )?(?:\S+ ){0,4}?(?:reçu|envoyé)",
    r"código de (?:verificación|seguridad|confirmación)",
    r"código (?:que )?(?:\S+ ){0,4}?(?:enviado|recibido|llegado|llega)",
)  # fmt: skip
_OTHER_CODES = cue(
    "sort code", "post ?code", "zip code", "area code", "country code", "promo(?:tion(?:al)?)? code", "discount code",
    "voucher code", "error code", "product code", "dress code", "bar ?code", "q ?r code", "dialling code",
    "building code", "panel code", "coupon code", "reason code", "fault code",
)  # fmt: skip


def _in_turns(talk: Talk, row: Row) -> Iterator[Row]:
    """What is longer than a code may be two, one after the other did not do: each turn's part by itself."""
    first = 0
    for _, places in groupby(row.places, key=lambda at: talk.pieces[at].turn):
        end = first + len(list(places))
        yield row.part(first, end)
        first = end


def _is_said_instead(talk: Talk, code: Row, row: Row) -> bool:
    """Whether a row as long follows from the same side, and nothing was asked since: a code that did not do."""
    if len(row.text) != len(code.text) or not 0 < row.first - code.places[-1] <= ANOTHER_WITHIN:
        return False
    sides = {talk.side(talk.pieces[at].turn) for at in (code.first, row.first)}
    between = talk.pieces[code.places[-1] + 1 : row.first]
    return len(sides) == 1 and not any(piece.after == "?" for piece in between)


def find_one_time_codes(talk: Talk) -> Iterator[Found]:
    """The first code after each such cue, and what is said of it again."""
    script = Script(talk)
    spelled = [
        row
        for whole in rows(talk, letters=True)
        for row in ([whole] if len(whole.text) <= LONGEST else _in_turns(talk, whole))
        if SHORTEST <= len(row.text) <= LONGEST and any(sign.isdigit() for sign in row.text)
    ]

    def may_be_one(row: Row) -> bool:
        before = " " + script.before(row.first, 8).rsplit("|", 1)[-1]
        return not is_named_otherwise(script, row, reach=4) and _OTHER_CODES.search(before) is None

    found = after_cues(script, _ASKED, spelled, within=ANSWERED_WITHIN, is_it=may_be_one, unless=_OTHER_CODES)
    anew = [row for row in spelled if may_be_one(row) and any(_is_said_instead(talk, one, row) for one in found)]
    for row, _whole in with_repeats(talk, [*found, *anew], shortest=SHORTEST):
        yield from talk.found(Kind.ONE_TIME_CODE, row.pieces(talk))
