"""The package that answers a request, for who asked: how far it is, how it is protected, how long it can be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.core.packages import Ended, Package, PackageState, Protection, Step
from worker.core.requests.clock import Calendar
from worker.record.requests.values import Request
from worker.web.pages.added import size_in_words
from worker.web.pages.requests.naming import path_of
from worker.web.pages.requests.words import ASK
from worker.web.pages.words import day_in_words
from worker.web.texts import _, later, plural

STEPS = {
    Step.LOG: later("reading what was said and written"),
    Step.SOUND: later("adding the sound"),
    Step.PAGES: later("writing the pages"),
    Step.PDF: later("setting the document to print"),
    Step.ZIP: later("putting it into one file, and signing it"),
}

PROTECTIONS = {
    Protection.NONE: later("Nobody but you gets it: you are signed in."),
    Protection.CODE: later("The file is locked. It opens with a code that does not come the same way as the file."),
    Protection.LINK: later(
        "You take it here, signed in. Whoever else has the link takes it with the code, which goes another way."
    ),
}

OPENS = later(
    "It opens on any computer: open index.html in it. It can be read, heard and printed there, without this place."
)
OPENS_LOCKED = later(
    "On Windows a program such as 7-Zip unlocks it. Then open index.html in it: it can be read, heard and printed "
    "there, without this place."
)

CHOICES = {
    Protection.NONE: (
        later("As it is"),
        later("You take it here, signed in. Good for a computer of your own."),
    ),
    Protection.CODE: (
        later("Locked with a code"),
        later(
            "Good for sending it on, or where others use the computer. To open it on Windows you need a program such "
            "as 7-Zip."
        ),
    ),
    Protection.LINK: (
        later("By a link and a code"),
        later(
            "Good for somebody who takes it for you, such as a lawyer: you give them the link, and the code another "
            "way. They need not sign in."
        ),
    ),
}
"""How what is handed over can come, and what each is good for."""

ENDS = {
    Ended.EXPIRED: later("Its time is over, and it was destroyed. Ask again for a new one."),
    Ended.CANCELLED: later("It was not made, because the request was taken back."),
    Ended.ERASED: later("It was destroyed, because what was in it was erased."),
}


@dataclass(frozen=True)
class PackagePart:
    """A package as the status page shows it.

    ``percent`` is how much of it is made and ``doing`` what is done just now, None once it is there; ``href`` is where
    it is taken then, ``about`` its size, ``until`` how long it can be had. ``protection`` says how it is protected,
    and ``opens`` how it is read.
    ``link`` is where somebody else takes it, with the code. ``has_code``: its code can be shown or sent, once;
    ``code_is_gone``: it was. ``problem`` is why it could not be sent. ``anew`` leads to asking for it in another form.
    ``ended`` says why it is there no more, or why it could not be made.
    """

    percent: int | None
    doing: str | None
    href: str | None
    about: str | None
    until: str | None
    left: str | None
    protection: str | None
    opens: str
    link: str | None
    has_code: bool
    code_is_gone: bool
    anew: str | None
    ended: str | None
    fingerprint: str | None
    problem: str | None = None


@dataclass(frozen=True)
class ShownCodePage:
    """The code that opens a package, this once; or to where it was sent, and why it could not be."""

    id: str
    code: str | None = None
    sent_to: str | None = None
    problem: str | None = None
    template: ClassVar[str] = "requests/shown_code.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("The code of your file")


def package_part(
    package: Package, request: Request, calendar: Calendar, *, base_url: str, now: datetime, problem: str | None = None
) -> PackagePart:
    """A package as it stands now, of the request that it answers. ``base_url`` is where pages are reached."""
    is_ready = package.state is PackageState.READY
    step, is_by_link = package.progress.step, package.protection is Protection.LINK
    return PackagePart(
        percent=round(100 * package.progress.share) if package.is_under_way else None,
        doing=_(STEPS[step]) if package.is_under_way and step is not None else None,
        href=f"{path_of(request.id)}/package" if is_ready else None,
        about=size_in_words(package.size_bytes) if is_ready and package.size_bytes else None,
        until=_until(package, calendar) if is_ready else None,
        left=_left(package, calendar, now) if is_ready else None,
        protection=_(PROTECTIONS[package.protection]) if is_ready else None,
        opens=_(OPENS_LOCKED if package.protection is Protection.CODE else OPENS),
        link=f"{base_url.rstrip('/')}/packages/{package.id}" if is_ready and is_by_link else None,
        has_code=is_ready and package.has_code,
        code_is_gone=is_ready and not package.has_code and package.protection is not Protection.NONE,
        anew=_anew(request) if is_ready else None,
        ended=_ended(package),
        fingerprint=package.sha256 if is_ready else None,
        problem=problem,
    )


def _anew(request: Request) -> str:
    """Where the same is asked for once more, to choose otherwise how it comes."""
    about = f"&call={request.call_id}" if request.call_id else ""
    return f"{ASK}?what={request.kind}{about}"


def _until(package: Package, calendar: Calendar) -> str | None:
    if package.ends_at is None:
        return None
    return _("It can be taken until {day}.").format(day=day_in_words(calendar.day_of(package.ends_at)))


def _left(package: Package, calendar: Calendar, now: datetime) -> str | None:
    if package.ends_at is None:
        return None
    days = (calendar.day_of(package.ends_at) - calendar.day_of(now)).days
    return (
        plural("{count} day left", "{count} days left", days).format(count=days) if days > 0 else _("today is its last")
    )


def _ended(package: Package) -> str | None:
    if package.state is PackageState.FAILED:
        return _("It could not be put together. Those who run this service see it, and put it right.")
    return _(ENDS[package.ended_because]) if package.ended_because else None
