"""The package that answers a request, for who asked: how far it is, how it is protected, how long it can be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.core.packages import Ended, Package, PackageState, Protection, Step
from worker.core.requests.clock import Calendar
from worker.web.pages.added import size_in_words
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
    Protection.LINK: later("It opens with the link that was sent, and a code that does not come the same way."),
}

ENDS = {
    Ended.EXPIRED: later("Its time is over, and it was destroyed. Ask again for a new one."),
    Ended.CANCELLED: later("It was not made, because the request was taken back."),
    Ended.ERASED: later("It was destroyed, because what was in it was erased."),
}


@dataclass(frozen=True)
class PackagePart:
    """A package as the status page shows it.

    ``percent`` is how much of it is made and ``doing`` what is done just now, None once it is there; ``href`` is where
    it is taken then, ``about`` its size, ``until`` how long it can be had. ``protection`` says how it is protected.
    ``has_code``: its code can be shown, once. ``ended`` says why it is there no more, or why it could not be made.
    """

    percent: int | None
    doing: str | None
    href: str | None
    about: str | None
    until: str | None
    left: str | None
    protection: str | None
    has_code: bool
    ended: str | None
    fingerprint: str | None


@dataclass(frozen=True)
class ShownCodePage:
    """The code that opens a package, this once."""

    id: str
    code: str
    template: ClassVar[str] = "requests/shown_code.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("The code of your file")


def package_part(package: Package, request_id: str, calendar: Calendar, *, now: datetime) -> PackagePart:
    """A package as it stands now."""
    is_ready = package.state is PackageState.READY
    step = package.progress.step
    return PackagePart(
        percent=round(100 * package.progress.share) if package.is_under_way else None,
        doing=_(STEPS[step]) if package.is_under_way and step is not None else None,
        href=f"/requests/{request_id}/package" if is_ready else None,
        about=size_in_words(package.size_bytes) if is_ready and package.size_bytes else None,
        until=_until(package, calendar) if is_ready else None,
        left=_left(package, calendar, now) if is_ready else None,
        protection=_(PROTECTIONS[package.protection]) if is_ready else None,
        has_code=is_ready and package.has_code,
        ended=_ended(package),
        fingerprint=package.sha256 if is_ready else None,
    )


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
