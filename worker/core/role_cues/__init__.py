"""How agents, customers and machines talk: the cue tables by which roles are found, one language a file.

A cue is a pattern with a weight: a log odds (natural logarithm), ln(times as often said by one side / by the other).
Agents' cues are positive, customers' negative; for machines, how much oftener a machine says it than a person. The
weights are set by hand, coarsely, from what such calls are made of. They are not fitted to any set of calls, and name
no company and no product. A language that has no file here decides nothing.

The tables are written one cue a line, as regular expressions; a line that begins with ``|`` goes on, after that sign,
with the cue above. They read lower-case text without punctuation and with contractions written out: "i will".
"""

from __future__ import annotations

from collections.abc import Mapping

from worker.core.role_cues.cues import Cue, Cues, Openings, Reading, plain
from worker.core.role_cues.english import ENGLISH
from worker.core.role_cues.french import FRENCH
from worker.core.role_cues.german import GERMAN
from worker.core.role_cues.spanish import SPANISH

__all__ = ["CUES", "Cue", "Cues", "Openings", "Reading", "plain"]

CUES: Mapping[str, Cues] = {"en": ENGLISH, "es": SPANISH, "de": GERMAN, "fr": FRENCH}
"""What is known, per language (ISO 639-1)."""
