"""What a package says of itself in plain words: what is in it, how it was made, how to check it, what that proves."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from worker.exchange.machine_made import SOURCE_TYPE
from worker.exchange.package import CopiedCall, form
from worker.web.pages.record import MadeLine
from worker.web.texts import _, plural

WIDTH = 96
NAME_WIDTH = 20


def readme(calls: Sequence[CopiedCall], made: Sequence[MadeLine], *, is_tied: bool) -> str:
    """The text of README.txt in the reader's language. ``made`` is what made the parts of the records, each once."""
    parts = [
        _title(
            plural("The record of {count} telephone call", "The record of {count} telephone calls", len(calls)).format(
                count=len(calls)
            )
        ),
        _paragraph(
            _(
                "This is a copy of what is kept: what was said, what was made of it, and everything that both"
                " sides added, up to the moment this copy was made. Open {page} in any browser: it needs no "
                "network."
            ).format(page=form.INDEX)
        ),
        *_what_is_in_it(calls, is_tied),
        *_how_it_was_made(made),
        *_how_to_check(),
    ]
    return "\n".join(parts)


def _what_is_in_it(calls: Sequence[CopiedCall], is_tied: bool) -> list[str]:
    lines = [_title(_("What is in it"), "-")]
    if len(calls) > 1:
        lines.append(
            _paragraph(_("Each call has a folder of its own below calls/, by the number it has on the first page."))
        )
    names = {name for one in calls for name in one.texts} | ({form.SOUND} if any(one.sound for one in calls) else set())
    told = (
        (form.INDEX, _("the page to read and to hear, with everything that follows")),
        (form.PDF, _("the same to print; tagged, so that screen readers read it in its order")),
        (form.TEXT, _("the words alone")),
        (form.CAPTIONS, _("subtitles with the voices, for a player")),
        (form.SOUND, _("the sound of the call, without what was cut from it")),
        (form.RECORD, _("everything, as data (JSON)")),
        (form.VCON, _("the call as a vCon, signed, for other programs that keep calls")),
        (form.ANNOTATIONS, _("what both sides said of it (Web Annotations)")),
    )
    lines += [_named(name, what) for name, what in told if name in names]
    if any(one.files for one in calls):
        lines.append(_named("files/", _("what somebody added; each name begins with the number of its entry")))
    lines.append(_named("proof/", _("the entries of the record as they stand in the log, and the proof that they do")))
    lines.append(_named(form.VERIFY, _("the program that checks all of it; it needs Python and nothing else")))
    lines.append(_named(form.MANIFEST, _("every file here with its SHA-256, signed")))
    if is_tied:
        lines.append(
            _named("proof/earlier.txt", _("an earlier head of the log, and the proof that it has only grown since"))
        )
    if any(one.withheld for one in calls):
        lines += [
            "",
            _paragraph(
                _(
                    "What other persons said, or what was said about them, is left out: in the words, in the "
                    "sound, and in the entries that hold the words. It is marked where it stood. That those "
                    "entries are in the log is proved all the same."
                )
            ),
        ]
    return [*lines, ""]


def _how_it_was_made(made: Sequence[MadeLine]) -> list[str]:
    return [
        _title(_("How it was made"), "-"),
        _paragraph(
            _(
                "By machine, from the recording: the words were heard, the voices told apart, the short version and "
                "the promises found or written, by the programs and models below. They mishear names and numbers, "
                "short answers, and people who speak at once. The recording decides."
            )
        ),
        *[f"    {one.part}: {one.model}, {one.revision}" for one in made],
        "",
        _paragraph(
            _(
                "For programs, this is marked as the law asks for (Regulation (EU) 2024/1689, Art. 50): in "
                "the page, the document, the data and the vCon, by this term:"
            )
        ),
        f"    {SOURCE_TYPE}",
        "",
    ]


def _how_to_check() -> list[str]:
    return [
        _title(_("How to check that nothing was changed"), "-"),
        _paragraph(_("With Python on any computer, without a network. In the folder that was unpacked:")),
        f"    python3 {form.VERIFY} --key KEY.pub",
        "",
        _paragraph(
            _(
                "KEY.pub is the public key of the log. One lies here as proof/log.pub, and is used where you "
                "give none; do not rely on that alone. Compare it with the key that the company publishes, or"
                " ask somebody else who has a copy: whoever could change this copy could have put another key"
                " in. With On Record installed, `onrecord verify` checks the same."
            )
        ),
        _paragraph(
            _(
                "It proves that these entries stood in the log, in this order, when its head was signed, that"
                " nobody changed a letter of them since, and that these are the files that were handed out. "
                "It does not prove that what people said is true, nor who they are beyond what the company "
                "knew. What was added later is in no copy made before."
            )
        ),
    ]


def _title(text: str, under: str = "=") -> str:
    return f"{text}\n{under * len(text)}"


def _paragraph(text: str) -> str:
    return f"{textwrap.fill(text, WIDTH)}\n"


def _named(name: str, what: str) -> str:
    wrapped = textwrap.wrap(what, WIDTH - NAME_WIDTH)
    rest = [" " * NAME_WIDTH + line for line in wrapped[1:]]
    return "\n".join([f"{name:<{NAME_WIDTH - 1}} {wrapped[0]}", *rest])
