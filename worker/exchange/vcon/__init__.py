"""A call as a vCon (draft-ietf-vcon-vcon-core, "0.4.0"), plain, signed or encrypted.

``values`` says what goes in, ``build`` puts it together of ``parties``, ``dialog``, ``analysis`` and ``attachments``,
``sealing`` signs and encrypts. What the drafts have no place for stands in analyses and attachments of the vendor
"onrecord", each with the name of its schema; a reader who knows only the drafts loses nothing but these.
"""

from worker.exchange.vcon.build import build_vcon, vcon_to_json
from worker.exchange.vcon.sealing import Recipient, VconSigner, encrypted, read_recipient, signed
from worker.exchange.vcon.values import (
    CAME_WITH_FILE,
    MEDIA_TYPE,
    InlineSound,
    Material,
    Object,
    Proof,
    ProvenEntry,
    SoundAt,
)

__all__ = [
    "CAME_WITH_FILE",
    "MEDIA_TYPE",
    "InlineSound",
    "Material",
    "Object",
    "Proof",
    "ProvenEntry",
    "Recipient",
    "SoundAt",
    "VconSigner",
    "build_vcon",
    "encrypted",
    "read_recipient",
    "signed",
    "vcon_to_json",
]
