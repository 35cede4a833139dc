"""The mark that says to programs that something was made by machine (Regulation (EU) 2024/1689, Art. 50 (2)).

It is the term of IPTC's NewsCodes, which schema.org, XMP and C2PA use too.
Source: https://cv.iptc.org/newscodes/digitalsourcetype/ and https://schema.org/IPTCDigitalSourceEnumeration.
"""

from __future__ import annotations

import json

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""Partly made by trained algorithms: the sound is a recording, the words and sentences were made of it by models."""

SCHEMA_TYPE = "https://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource"


def json_ld(*, name: str, models: tuple[str, ...], language: str) -> str:
    """The mark as JSON-LD for a page, safe inside its script element."""
    mark = {
        "@context": "https://schema.org",
        "@type": "DigitalDocument",
        "name": name,
        "inLanguage": language or "und",
        "digitalSourceType": SCHEMA_TYPE,
        "creator": [{"@type": "SoftwareApplication", "name": one} for one in models],
    }
    return json.dumps(mark, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
