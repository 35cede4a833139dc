"""Promises that are made in so many words: the clause of a sentence in which somebody says what will be done.

A clause counts when who is to act, the act, and what stands around them all allow it; what is not understood is no
promise. Places are letters of the sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.core.call import Party
from worker.core.commitments import acts, signs
from worker.core.commitments.clauses import Clause, Shape, find_clauses
from worker.core.due import due_places

_Places = tuple[int, int]

_AND = re.compile(r"[\s,]*and (?:then )?")
_ING = re.compile(r"(?:be )?(\w{2,})ing\b")


@dataclass(frozen=True)
class Promise:
    """A promise in a sentence: its clause ``[start, end)``, where the words that tell it begin, and its due.

    ``act`` is where the act begins, or who is to act where that is not the speaker. ``leans``: it says "you'll have it"
    or the like, so that other words must tell of what. ``waits``: for another event; ``condition`` is where "if …"
    stands, empty where it does not. ``subject``: who is to act.
    """

    start: int
    act: int
    end: int
    due: _Places | None
    leans: bool
    waits: bool
    condition: _Places
    subject: str


def find_promises(text: str, party: Party) -> list[Promise]:
    """The promises of one sentence that ``party`` says, in order. ``text`` is the sentence as it stands."""
    found: list[Promise] = []
    for clause in find_clauses(text.replace("’", "'").lower()):
        if found and clause.start < found[-1].end:
            continue
        due = _due_of(clause)
        follows = bool(found) and _AND.fullmatch(clause.text, found[-1].end, clause.start) is not None
        if _is_decided(clause) and _is_an_act(clause, due is not None, party, follows=follows):
            found.append(_promise(clause, due))
    return found


def _promise(clause: Clause, due: _Places | None) -> Promise:
    by_speaker = clause.subject in ("i", "we", "me", "us")
    people_act = clause.subject == "they" and due is None and acts.OTHERS_ACT.match(clause.doing) is not None
    return Promise(
        start=min(clause.start, due[0]) if due else clause.start,
        act=clause.act if by_speaker else clause.start,
        end=max(clause.end, due[1]) if due else clause.end,
        due=due,
        leans=not by_speaker and acts.LEANS.match(clause.whole) is not None and not people_act,
        waits=signs.ANOTHER_EVENT.search(_around(clause)) is not None,
        condition=_condition(clause),
        subject=clause.subject,
    )


def _condition(clause: Clause) -> _Places:
    """ "If it fails again", in the clause, right behind it or in front; "should it fail again" in front of it."""
    behind = signs.CONDITION.search(clause.text, clause.act)
    if behind is not None and behind.start() <= clause.end:
        end = signs.CONDITION_ENDS.search(clause.text, behind.end())
        start = behind.start() + len(behind.group()) - len(behind.group().lstrip(" ,"))
        return start, end.start() if end is not None else len(clause.text)
    lead = clause.text[: clause.start]
    inverted = rf"(?:{signs.INVERTED_CONDITION.pattern})[^.;!?]*$"
    before = re.search(rf"{signs.OPENS_WITH_CONDITION.pattern}[^.;!?]*$", lead) or re.search(inverted, lead.rstrip())
    if before is None:
        return 0, 0
    joined = re.compile(r", |,?(?: and| but| so| then)* (?:i|we|you)(?:'ll| will)\b").search(lead, before.start())
    return before.start(), joined.start() if joined is not None else len(lead)


def _due_of(clause: Clause) -> _Places | None:
    """Where the clause says until when: within it, in front of it ("by Friday we'll"), or behind it after a comma."""
    waits, end = _condition(clause)
    whole = clause.whole if not clause.act < waits < clause.end else clause.text[clause.start : waits]
    within = due_places(whole)
    if within:
        return clause.start + within[0][0], clause.start + within[-1][1]
    lead = clause.text[: clause.start].rstrip(" ,")
    piece = re.split(r"[,.;:!?](?= )", lead)[-1]
    opening = signs.OPENINGS.match(f"{piece} ")
    piece = piece[opening.end() :] if opening is not None else piece
    places = due_places(piece)
    if places and places[0][0] == 0 and places[-1][1] == len(piece):
        return len(lead) - len(piece), len(lead)
    parted = re.compile(r"\s*[,–—-]+\s*").match(clause.text, max(clause.end, end))
    places = due_places(clause.text[parted.end() :]) if parted is not None else ()
    if parted is not None and places and places[0][0] == 0:
        return parted.end(), parted.end() + places[-1][1]
    return None


def _lead(clause: Clause) -> str:
    """What leads in to the clause, as far as it belongs to it."""
    lead = clause.text[: clause.start]
    parts = [match.end() for match in re.finditer(r"[.!?;](?= )|, (?:and|but|so) ", lead)]
    return signs.INVERTED_CONDITION.sub("if ", lead[max(parts, default=0) :])


def _around(clause: Clause) -> str:
    """The clause with what leads in and what hangs on behind."""
    end = re.compile(r"[.!?;](?= )|,? (?:and|but|so) (?:i|we|you|the|it|that|they)\b").search(clause.text, clause.end)
    return _lead(clause) + clause.text[clause.start : end.start() if end else len(clause.text)]


def _is_decided(clause: Clause) -> bool:
    """Whether it is said as something decided: no question, no guess, nobody else's word, no offer."""
    lead, behind = _lead(clause), clause.text[clause.end :]
    if not clause.doing.strip() or (not behind.strip(" ,.!?") and signs.CUT_OFF.search(clause.text)):
        return False
    if clause.text.rstrip().endswith("?") and not behind.strip(" ,?!") and not signs.TAG.search(clause.whole + behind):
        return False
    if signs.ASKS_BACK.match(behind) or signs.SAID_AFTERWARDS.match(behind):
        return False
    if signs.NOT_PROMISED.search(lead) or signs.TOLD_OF_OTHERS.search(signs.OWN_WORD_FOR_IT.sub(" ", lead)):
        return False
    if signs.VOWED.search(lead):
        return True
    if signs.ON_A_CHOICE.search(_around(clause)):
        return False
    hedge = signs.HEDGED.search(f"{' '.join(lead.split()[-4:])} {clause.whole}")
    return hedge is None and signs.HEDGED.match(behind.lstrip(" ,")) is None


def _is_an_act(clause: Clause, has_due: bool, party: Party, *, follows: bool) -> bool:
    """Whether it is something that this party can promise, and not done on the line. ``follows``: another promise."""
    if not has_due and _is_at_once(clause):
        return False
    doing = clause.doing
    if acts.REFUSED.match(doing) or acts.KEEPS_FROM_THEM.match(doing):
        return False
    held_out = clause.shape is Shape.GIVEN and party is not Party.AGENT and acts.HELD_OUT.search(doing)
    if acts.AGAINST_THEM.search(doing) or held_out:
        return False
    match clause.shape:
        case Shape.OWN | Shape.DOING if party is not Party.AGENT and _hangs_on_a_condition(clause):
            return False
        case Shape.OWN | Shape.DOING:
            return _is_own_act(clause, has_due, party, follows=follows)
        case Shape.GIVEN:
            return _is_given(doing, has_due, party)
        case Shape.LET_ME:
            return acts.REACHES_THE_OTHER.search(doing) is not None
        case Shape.OTHERS if party is Party.CUSTOMER:
            ours = clause.whole.startswith(("my ", "our "))
            return ours and _is_customers_act(clause, has_due)
    if party is Party.CUSTOMER:
        return False
    match clause.shape:
        case Shape.EXPECT:
            return bool(acts.FROM_US.search(doing) or acts.DELIVERED.search(doing))
        case Shape.ARRANGED:
            return _is_arranged(doing, has_due)
        case Shape.OTHERS_DOING:
            return has_due and _is_being_done(clause)
    if doing.startswith("go") and acts.TAKEN_FROM_YOU.search(clause.subject):
        return False
    if acts.IS_DONE.match(doing) or acts.OTHERS_ACT.match(doing):
        return True
    for_you = acts.PEOPLE_WHO_COME.search(clause.subject) or acts.YOU.search(doing)
    people = for_you is not None and not acts.OTHERS_NEVER.match(doing)
    return has_due and (people or acts.IS_DONE_IN_TIME.match(doing) is not None)


def _is_at_once(clause: Clause) -> bool:
    rest = signs.LATER_CLAUSE.sub("", clause.text[clause.end :])
    return bool(
        acts.JUST.search(clause.whole)
        or signs.AT_ONCE.search(clause.whole)
        or signs.WAIT_A_MOMENT.match(rest)
        or signs.DONE_ALREADY.search(rest)
    )


def _hangs_on_a_condition(clause: Clause) -> bool:
    start, end = _condition(clause)
    inside = start > clause.act and signs.TRAILING_CONDITION.match(clause.text[start:end]) is not None
    return inside or signs.TRAILING_CONDITION.match(clause.text[clause.end :]) is not None


def _is_being_done(clause: Clause) -> bool:
    """ "An engineer is coming", "it gets refunded", "the scaffolding comes down"; and not "it gets charged"."""
    doing = clause.doing
    if re.match(r"(?:picks|calls|rings|collects|drops|brings|delivers)\b", doing):
        return acts.PEOPLE_WHO_COME.search(clause.subject) is not None
    if doing.startswith(("comes", "arrives")):
        returns = doing.startswith(("comes down", "comes off", "comes back")) and not clause.subject.endswith("price")
        return returns or acts.PEOPLE_WHO_COME.search(clause.subject) is not None
    return not doing.startswith("get") or acts.IS_GIVEN_BACK.match(doing) is not None


def _is_customers_act(clause: Clause, has_due: bool) -> bool:
    doing = _plain(clause)
    has_it_done = clause.shape is Shape.DOING and clause.doing.startswith(("getting", "having"))  # "the house painted"
    if has_it_done or acts.THREATENED.search(doing):
        return False
    return bool(
        acts.CUSTOMERS_OWN.match(doing)
        or acts.THEN_SENDS.search(doing)
        or (has_due and acts.CUSTOMERS_IN_TIME.match(doing))
        or signs.BEFORE_AN_EVENT.search(_around(clause))
    )


def _plain(clause: Clause) -> str:
    """The act in its plain form: "be dropping it off" and "dropping it off" are "drop it off"."""
    said = _ING.match(clause.doing)
    if said is None or not (clause.shape is Shape.DOING or clause.doing.startswith("be ")):
        return clause.doing
    stem = said[1]
    if stem[-1] == stem[-2] and stem[-1] not in "ls":
        stem = stem[:-1]
    elif stem in acts.STEMS_WITHOUT_E:
        stem += "e"
    return stem + clause.doing[said.end() :]


def _is_own_act(clause: Clause, has_due: bool, party: Party, *, follows: bool) -> bool:
    doing = clause.doing
    if clause.shape is Shape.DOING and not (has_due or (clause.subject == "we" and acts.WE_ARE_SENDING.match(doing))):
        return False
    reaches = acts.REACHES_THE_OTHER.search(doing) is not None
    if acts.NEVER_PROMISED.match(doing) and not reaches:
        return False
    if party is Party.AGENT and acts.AGENTS_NEVER.match(doing):
        return False
    if party is not Party.AGENT:
        return _is_customers_act(clause, has_due)
    later = (
        follows or signs.FOR_LATER.search(_around(clause)) is not None or signs.VOWED.search(_lead(clause)) is not None
    )
    if has_due or later:
        return True
    if reaches or acts.STEPS_ON_THE_WAY.match(doing):
        return reaches
    return clause.subject == "we" or not acts.DONE_IN_THE_SYSTEM.match(doing)


def _is_given(doing: str, has_due: bool, party: Party) -> bool:
    """ "You'll get your refund": a promise of the one who says it."""
    verb = acts.IS_GIVEN.match(doing)
    if verb is None or acts.SEEN_ON_A_SCREEN.search(doing):
        return False
    if party is not Party.AGENT:
        return verb["gets"] is not None and (has_due or "from me" in doing)
    if verb["done"]:
        return True
    if verb["hears"]:
        return has_due or acts.FROM_US.search(doing) is not None
    named = acts.DELIVERED.search(doing) is not None
    if verb["gets"] and not doing.startswith("have"):
        return named or has_due or acts.FROM_US.search(doing) is not None
    returns = acts.ON_YOUR_SIDE.search(doing) is not None
    return (named and (has_due or returns)) or (has_due and acts.IT.search(doing) is not None)


def _is_arranged(doing: str, has_due: bool) -> bool:
    to_act = acts.TO_ACT_FOR_YOU.search(doing) is not None
    if doing.startswith(("asked", "told", "instructed", "requested", "got")):
        return to_act and (has_due or " you" in doing)
    return acts.PEOPLE_WHO_COME.search(doing) is not None and (has_due or to_act)
