"""When two handings-over are of the same call, as names that the database keeps unique.

A name is a hash of what it is made of, so that it is short and tells nothing. A call may have several: one that was
announced by an address has also that of its bytes, once they are here.
"""

from __future__ import annotations

import hashlib
import json


def of_external_id(sender: str, external_id: str) -> str:
    """The call that this sender knows under this id."""
    return _name("external id", sender, external_id)


def of_recording(sender: str, sha256: str) -> str:
    """The call of which this sender gave no id and these bytes."""
    return _name("recording", sender, sha256)


def of_address(sender: str, address_name: str) -> str:
    """The call of which this sender gave no id and this address."""
    return _name("address", sender, address_name)


def of_own_recording(call_id: str, sha256: str) -> str:
    """These bytes as somebody's own recording of a call, whoever of its sides added them."""
    return _name("own recording", call_id, sha256)


def _name(*of: str) -> str:
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()
