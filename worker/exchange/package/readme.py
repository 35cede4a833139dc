"""What a copy says of itself, in plain words."""

from __future__ import annotations

from worker.exchange.package import form
from worker.exchange.package.values import Copy


def readme(copy: Copy) -> str:
    """The text of README.txt. Nothing in it changes with the clock, so that the same copy has the same bytes."""
    parts = [_WHAT.format(call_id=copy.call_id), _CHECK, _FILES]
    if copy.earlier is not None:
        parts.append(_EARLIER)
    if copy.annotations is not None:
        parts.append(_ANNOTATIONS)
    if copy.files:
        parts.append(_ATTACHED)
    if copy.recordings:
        parts.append(_RECORDING if len(copy.recordings) == 1 else _RECORDINGS)
    if copy.sound is not None:
        parts.append(_SOUND)
    return "\n".join((*parts, _LIMITS))


_WHAT = """\
The record of one telephone call
================================

This is a copy of the record of call {call_id}: what was said, what was made of it, and everything that both sides
have added, up to the moment this copy was made. Each step of the record is an entry, numbered from 0.
"""

_CHECK = f"""\
How to check it
---------------
You can check on your own machine, without any network, that nothing in this copy was altered, removed or added:

    onrecord verify COPY.zip --key KEY.pub

KEY.pub is the public key of the log. A key lies in this copy as {form.KEY}; do not rely on that one alone. Compare it
with the key that the company publishes, or ask somebody else who has a copy: whoever could alter the copy could have
put another key in. Keep {form.CHECKPOINT} of an older copy: `--since` shows with it that the log was not put back.
"""

_FILES = f"""\
What is in it
-------------
{form.ENTRIES}      One line for each entry: who did what, when, as which role; the hash of its content; the hash of the
                   entry before; its place in the log; and the proof that it is there.
contents/          What each entry says, with its salt. An entry without one was erased: that something stood there
                   can still be proved, what it was is gone.
{form.CHECKPOINT}     The head of the log as the company signed it. All proofs lead to it.
{form.MANIFEST}       How many entries there are, and the SHA-256 of every other file here, signed by the company.
"""

_EARLIER = f"""\
{form.EARLIER}        An earlier head of the log, and in {form.CONSISTENCY} the proof that the log has only grown since.
"""
_ANNOTATIONS = f"""\
{form.ANNOTATIONS}   What both sides said, as Web Annotations, for other programs. Made from the entries.
"""
_ATTACHED = """\
files/             Files that somebody added. Each name begins with the number of its entry, which holds its SHA-256.
"""
_RECORDING = """\
recording/         The recording as it arrived. Its SHA-256 stands in the entry with which the record begins.
"""
_RECORDINGS = """\
recording/         The recordings as they arrived. The SHA-256 of each stands in the entry with which it came in.
"""
_SOUND = f"""\
{form.SOUND}         The sound in a form for listening. It was made from the recording; no entry holds its hash, so the
                   company's signature on the list of files is all that speaks for it.
"""

_LIMITS = """\
What this proves, and what not
------------------------------
That these entries stood in the log, in this order, when the company signed its head; that nobody altered a letter of
them since; and that the company named this number of entries then. It does not prove that what people said is true,
nor who they are beyond what the company knew. Entries that were added later are in no copy made before.
"""
