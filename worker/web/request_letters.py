"""Letters about requests, in the language of who asked: received, proof wanted, more time, answered, refused.

What a letter says is drawn from the request as it is when it is written. Nothing of any call stands in one: it leads to
the page of the request, which opens for who asked alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from worker.core.people import is_phone
from worker.core.requests.rules import NOTICE
from worker.core.requests.values import HANDED_OVER, CameBy, RequestKind, Step
from worker.record.requests.values import HistoryLine, Request
from worker.web.pages.requests.words import GROUNDS, KINDS, law_of
from worker.web.pages.words import day_in_words
from worker.web.texts import LANGUAGES, _, speaking


@dataclass(frozen=True)
class RequestLetters:
    """Writes letters. ``base_url`` is where pages are reached, ``complaints_to`` the authority as it is called."""

    base_url: str
    complaints_to: str

    def letter(self, request: Request, line: HistoryLine) -> tuple[str, str]:
        """The subject and the text of the letter about one step, which is one of those that letters are written of."""
        with speaking(request.details.language if request.details.language in LANGUAGES else LANGUAGES[0]):
            subject, parts = _WRITERS[line.step](self, request, line)
            what = _("You asked for: {what} ({law}).").format(what=_(KINDS[request.kind]), law=law_of(request.kind))
            lines = [what, *parts]
            if not is_phone(request.details.address or ""):
                lines.append(_("Your request has the number {number}.").format(number=request.id))
            return subject, "\n\n".join(one for one in lines if one)

    def page(self, request: Request) -> str:
        """Where the asker sees how it stands."""
        address = f"{self.base_url.rstrip('/')}/requests/{request.id}"
        return _("How it stands: {address}").format(address=address)

    def package(self, request: Request) -> str:
        """Where the answer is taken: on that page, or by a link of its own for who cannot sign in."""
        if request.person is not None or request.package is None:
            return self.page(request)
        address = f"{self.base_url.rstrip('/')}/packages/{request.package}"
        return _("It opens with a code, which we tell you another way: {address}").format(address=address)


def _received(letters: RequestLetters, request: Request, line: HistoryLine) -> tuple[str, list[str]]:
    return _("We have your request"), [_due(line), letters.page(request)]


def _due(line: HistoryLine) -> str:
    if line.due is None:
        return _("The month for our answer begins when we know that it is you who asks.")
    return _("You have our answer by {day} at the latest.").format(day=day_in_words(line.due))


def _proof(letters: RequestLetters, request: Request, line: HistoryLine) -> tuple[str, list[str]]:
    why = _("So that nobody else gets what is yours, we need to know that it is you who asks. We need:")
    return _("Who asks?"), [why, line.text or "", _due(line), letters.page(request)]


def _proved(letters: RequestLetters, request: Request, line: HistoryLine) -> tuple[str, list[str]]:
    if request.came_by is CameBy.PUBLIC:
        return _received(letters, request, line)
    known = _("We know now that it is you who asks.")
    return _("Your request goes on"), [known, _due(line), letters.page(request)]


def _extended(letters: RequestLetters, _request: Request, line: HistoryLine) -> tuple[str, list[str]]:
    why = _("Our answer takes longer than a month, because:")
    return _("Our answer takes longer"), [why, line.text or "", _due(line), _complain(letters)]


def _answered(letters: RequestLetters, request: Request, line: HistoryLine) -> tuple[str, list[str]]:
    if request.package is not None and request.kind in HANDED_OVER:
        done = _("It is ready. You can take it for 30 days.")
    elif request.kind is RequestKind.RESTRICTION:
        done = _("It is done: the record is kept and not used from now on. We tell you before that ends.")
    else:
        done = _("It is done.")
    return _("Our answer to your request"), [done, line.text or "", letters.package(request), _complain(letters)]


def _refused(letters: RequestLetters, request: Request, line: HistoryLine) -> tuple[str, list[str]]:
    why = _("We do not do what you asked for.")
    ground = _(GROUNDS[request.ground]) if request.ground is not None else ""
    parts = [why, ground, line.text or "", _complain(letters), letters.page(request)]
    return _("Our answer to your request"), parts


def _lifting(letters: RequestLetters, request: Request, line: HistoryLine) -> tuple[str, list[str]]:
    day = day_in_words((line.at + NOTICE).date())
    when = _("From {day} on the record is used again, because:").format(day=day)
    return _("A record will be used again"), [when, line.text or "", _complain(letters), letters.page(request)]


def _withdrawn(_letters: RequestLetters, _request: Request, _line: HistoryLine) -> tuple[str, list[str]]:
    return _("You took your request back"), [_("We do nothing more about it. You can ask again at any time.")]


def _complain(letters: RequestLetters) -> str:
    text = _("If you are not content with this, you can complain to {authority}, and you can go to court.")
    return text.format(authority=letters.complaints_to) if letters.complaints_to else ""


_WRITERS: dict[Step, Callable[[RequestLetters, Request, HistoryLine], tuple[str, list[str]]]] = {
    Step.ASKED: _received,
    Step.PROOF_ASKED: _proof,
    Step.PROVED: _proved,
    Step.EXTENDED: _extended,
    Step.ANSWERED: _answered,
    Step.REFUSED: _refused,
    Step.LIFTING_TOLD: _lifting,
    Step.WITHDRAWN: _withdrawn,
}
