"""What can be wrong with a sentence, in words that a model is told when it tries once more."""

from __future__ import annotations

from enum import StrEnum


class Complaint(StrEnum):
    """What is wrong with a sentence. Stable: benchmarks and later stages read it."""

    FORM = "not one plain statement in the third person"
    LENGTH = "too long"
    PARTY = "does not begin with the party that spoke"
    REPORT = "claims an act of speech that was not heard"
    STEERED = "rests on words that try to steer the writer"
    NUMBER = "a number that was not said"
    NAME = "a name, day or address that was not said"
    NEGATION = "a negation added or lost"
    RESTRICTION = "says that it was only this, which was not said"
    OPPOSITE = "says the opposite of what was said"
    WHO = "says another did it than was said"
    CERTAINTY = "says as done or certain what was not, or the other way"
    CONTENT = "words of meaning that were not said"
    PLACE = "puts a number, a day or a thing compared in another place than it was said in"
    LOOSE = "puts together what was said apart"
