"""A vCon as a way in: the recordings of a conversation, with what it says of the people and the call.

Read are the drafts from 0.0.1 to 0.5.0 (draft-ietf-vcon-vcon-core and its forerunners, the contact centre extension,
draft-howe-vcon-lawful-basis), unsigned or signed. Each ``recording`` dialog is a leg of one call, whose external id is
the vCon's ``uuid``. Analyses, texts, transfers and the history of parties are not taken over, since what was said is
heard here; they are kept beside the call, protected, and go out with it again (``rest``).
"""

from worker.intake.vcon.envelope import VconKeys, opened, read_keys
from worker.intake.vcon.own import call_named_in
from worker.intake.vcon.reading import legs_of, read_vcon
from worker.intake.vcon.rest import rest_of

__all__ = ["VconKeys", "call_named_in", "legs_of", "opened", "read_keys", "read_vcon", "rest_of"]
