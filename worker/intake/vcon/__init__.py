"""A vCon as a way in: the recordings of a conversation, with what it says of the people and the call.

Read are the drafts from 0.0.1 to 0.5.0 (draft-ietf-vcon-vcon-core and its forerunners, the contact centre extension,
draft-howe-vcon-lawful-basis), unsigned or signed. Each ``recording`` dialog is a leg of one call, whose external id is
the vCon's ``uuid``. Analyses, texts, transfers and the history of parties are not taken over: what was said is heard
here.
"""

from worker.intake.vcon.envelope import VconKeys, read_keys
from worker.intake.vcon.reading import read_vcon

__all__ = ["VconKeys", "read_keys", "read_vcon"]
