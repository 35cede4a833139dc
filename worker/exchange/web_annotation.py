"""What was said about a record as W3C Web Annotations, so that other programs can read it and find what it means.

Source: https://www.w3.org/TR/annotation-model/ (Recommendation of 23 February 2017). What that model has no word for
(the act, how an annotation stands now, as whom somebody wrote) is under names of our own that the context declares: a
reader who knows only the standard loses nothing but these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from worker.core.dialogue.state import Dialogue, Said
from worker.core.dialogue.values import (
    Act,
    Annotation,
    Correction,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
    OnWords,
    WholeCall,
)
from worker.core.record import CallRecord

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

MEDIA_TYPE = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'

VOCABULARY = "urn:x-onrecord:"
CONTEXT: Json = [
    "http://www.w3.org/ns/anno.jsonld",
    {"onrecord": VOCABULARY, "act": "onrecord:act", "standing": "onrecord:standing", "role": "onrecord:role"},
]

IN_A_PAGE = "http://tools.ietf.org/rfc/rfc3236"
IN_SOUND = "http://www.w3.org/TR/media-frags/"

_MOTIVATIONS = {
    Act.AGREE: "assessing",
    Act.DISPUTE: "assessing",
    Act.CORRECT: "editing",
    Act.ADD: "commenting",
    Act.ASK: "questioning",
    Act.ANSWER: "replying",
    Act.KEPT: "assessing",
    Act.NOT_KEPT: "assessing",
    Act.NEW_DAY: "editing",
    Act.ACCEPT: "assessing",
    Act.DECLINE: "assessing",
}


@dataclass(frozen=True)
class Addresses:
    """Where the things lie that annotations are about: the record's page, its sound, and the collection itself.

    Absolute addresses. Parts of the page are found by their ids ("s1", "p1", "t4", "entry-12").
    """

    record: str
    sound: str
    collection: str


def collection_of(dialogue: Dialogue, record: CallRecord, addresses: Addresses) -> dict[str, Json]:
    """Everything that was said, withdrawn things and decisions included, as a collection of one page in order."""
    said = sorted((*dialogue.said, *dialogue.decisions), key=lambda one: one.number)
    items: list[Json] = [_annotation(one, record, addresses) for one in said]
    collection: dict[str, Json] = {
        "@context": CONTEXT,
        "id": addresses.collection,
        "type": "AnnotationCollection",
        "total": len(items),
    }
    if items:  # a collection without items has no page
        collection["first"] = {
            "id": f"{addresses.collection}#page",
            "type": "AnnotationPage",
            "startIndex": 0,
            "items": items,
        }
    return collection


def web_annotation(said: Said, record: CallRecord, addresses: Addresses) -> dict[str, Json]:
    """One annotation with how it stands now, as a document of its own."""
    return {"@context": CONTEXT, **_annotation(said, record, addresses)}


def _annotation(said: Said, record: CallRecord, addresses: Addresses) -> dict[str, Json]:
    annotation = said.annotation
    creator: dict[str, Json] = {"type": "Person", "role": said.actor.role.value}
    if said.by is not None:
        creator["name"] = said.by
    found: dict[str, Json] = {
        "id": _entry_address(said.number, addresses),
        "type": "Annotation",
        "motivation": _motivation(annotation),
        "act": annotation.act.value,
        "standing": said.state.value,
        "creator": creator,
        "created": _instant(said.at),
        "target": _target(annotation, record, addresses),
    }
    bodies = _bodies(annotation)
    if bodies:
        found["body"] = bodies
    return found


def _motivation(annotation: Annotation) -> str:
    """What is added to another entry replies to it."""
    if annotation.act is Act.ADD and isinstance(annotation.target, OnEntry):
        return "replying"
    return _MOTIVATIONS[annotation.act]


def _bodies(annotation: Annotation) -> list[Json]:
    """What was written, and what is proposed; an agreement has neither."""
    bodies: list[Json] = []
    if annotation.correction is not None:
        bodies.append(_proposed(annotation.correction))
    if annotation.day is not None:
        bodies.append(_text(annotation.day.isoformat(), "editing"))
    if annotation.text is not None:
        motivation = _motivation(annotation)
        # Words beside a proposal say why it is made, and are no part of it.
        bodies.append(_text(annotation.text, "commenting" if motivation == "editing" else motivation))
    return bodies


def _proposed(correction: Correction) -> Json:
    match correction:
        case NewSpeaker(party=party):
            return _text(party.value, "identifying")
        case NewWords(text=text) | NewSentence(text=text):
            return _text(text, "editing")


def _text(value: str, purpose: str) -> dict[str, Json]:
    return {"type": "TextualBody", "value": value, "format": "text/plain", "purpose": purpose}


def _target(annotation: Annotation, record: CallRecord, addresses: Addresses) -> Json:
    match annotation.target:
        case WholeCall():
            return addresses.record
        case OnEntry(number=number):
            return _entry_address(number, addresses)
        case OnStatement(id=name) | OnPromise(id=name):
            return _resource(addresses.record, _in_page(name))
        case OnWords() as chosen:
            return [_words_in_page(chosen, record, addresses), _words_in_sound(chosen, addresses)]


def _words_in_page(chosen: OnWords, record: CallRecord, addresses: Addresses) -> Json:
    """The words within their turn: by their text and, where they stand in this record, by their letters."""
    selectors: list[Json] = [
        {"type": "TextQuoteSelector", "exact": chosen.quote, "prefix": chosen.prefix, "suffix": chosen.suffix}
    ]
    turn = next((turn for turn in record.turns if turn.id == chosen.turn), None)
    if turn is not None:
        start = len(" ".join((*(word.text for word in turn.words[: chosen.first]), "")))
        end = start + len(chosen.quote)
        if turn.text[start:end] == chosen.quote:
            selectors.append({"type": "TextPositionSelector", "start": start, "end": end})
    return _resource(addresses.record, {**_in_page(chosen.turn), "refinedBy": selectors})


def _words_in_sound(chosen: OnWords, addresses: Addresses) -> Json:
    value = f"t={_seconds(chosen.start_s)},{_seconds(chosen.end_s)}"
    return _resource(addresses.sound, {"type": "FragmentSelector", "conformsTo": IN_SOUND, "value": value})


def _in_page(name: str) -> dict[str, Json]:
    return {"type": "FragmentSelector", "conformsTo": IN_A_PAGE, "value": name}


def _resource(source: str, selector: dict[str, Json]) -> dict[str, Json]:
    return {"type": "SpecificResource", "source": source, "selector": selector}


def _entry_address(number: int, addresses: Addresses) -> str:
    return f"{addresses.record}#entry-{number}"


def _seconds(seconds: float) -> str:
    """Seconds as Media Fragments writes them: digits and a point, to the millisecond, and no zeros behind."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
