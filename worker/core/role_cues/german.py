"""How agents, customers and machines talk in German: what hardly anybody else says. Tried on a few dialogues."""

from __future__ import annotations

import re
from collections.abc import Mapping

from worker.core.role_cues.cues import Cues, read_table

_AGENT: Mapping[float, str] = {
    3.0: r"""
        (danke|vielen dank|herzlichen dank) (für|dass sie) (ihren anruf|anrufen|angerufen haben)
        (was|wie|womit) (kann|darf|können|dürfen) (ich|wir) (\w+ ){0,3}(tun|helfen|behilflich sein|weiterhelfen)
        (kann|darf) ich (ihnen )?(sonst |noch |heute ){1,3}(\w+ )?(etwas|was|weiter)\w*
    """,
    2.5: r"""
        (können|könnten|würden) sie mir (bitte )?(noch )?(mal )?(ihre|ihren|die|den|das) (\w+ ){0,3}
        |(nennen|geben|sagen|buchstabieren|bestätigen|durchgeben)
        ich (verbinde|stelle) sie|sie (\w+ )?(verbinden|durchstellen|weiterleiten)
    """,
    2.0: r"""
        (tut mir|tut uns) (sehr |wirklich )?leid (dass sie|für die)|(entschuldigen sie|entschuldigung für) die
        (danke|vielen dank) für (ihre geduld|ihr verständnis|das warten|die information\w*|ihr vertrauen)
        ich (schaue|sehe|prüfe|schau|guck\w*) (\w+ ){0,3}(nach|im system|für sie)
        (ich|wir) (werde|werden|schicke|schicken|sende|senden|erstatten|buche|buchen|trage) (\w+ )?(ihnen|für sie)
        (unser|unsere|unserem|unserer|unseren) (system|team|abteilung|techniker|filiale|service|kollegen|lager)
    """,
    1.5: r"""
        einen (kleinen )?(moment|augenblick) bitte|bleiben sie (bitte )?(dran|in der leitung)
        (ich wünsche ihnen|haben sie) (noch )?einen (schönen|guten)|mein name ist \w+ was
    """,
    1.0: r"""
        ihre?[nr]? (kundennummer|adresse|geburtsdatum|vertrag|bestellung|rechnung|konto|email|telefonnummer)
    """,
}

_CUSTOMER: Mapping[float, str] = {
    2.0: r"""
        ich (habe|hab|hätte|hatte) (\w+ ){0,2}(problem|probleme|frage|beschwerde|störung|reklamation)
        ich (rufe|ruf) (\w+ )?(an )?(weil|wegen)|(geht|ging) um (meine|meinen|mein)
        (mir wurde|man hat mir|keiner hat|niemand hat|niemand ruft)
        (meine|mein) (kundennummer|adresse|geburtsdatum|telefonnummer|konto|email) (\w+ )?(ist|lautet)
        (danke|vielen dank) für (ihre|die) hilfe
    """,
    1.5: r"""
        ich (möchte|will|wollte|würde gerne?|muss|brauche) (\w+ ){0,5}?
        |(kündigen|stornieren|zurückgeben|umtauschen|bestellen|buchen|wissen|ändern|beschweren|reklamieren|verschieben)
        (meine|meiner|meinen|mein) (rechnung|bestellung|paket|vertrag|internet|anschluss|lieferung|karte|flug|termin)
        (funktioniert|geht|kam|ist) (\w+ )?nicht( an(gekommen)?)?|(wann|wie lange) (kommt|dauert|bekomme|kann|wird)
        (das war|das wäre|das ist) (dann )?(alles|schon alles)
    """,
}

_MACHINE: Mapping[float, str] = {
    3.0: r"""
        ihr anruf ist uns( sehr)? wichtig|(drücken|wählen) sie (bitte )?(die )?(raute\w*|stern\w*|\w+ taste|taste)
        (alle )?(unsere )?(mitarbeiter|leitungen|plätze) (sind|befinden sich) (\w+ ){0,3}(im gespräch|belegt|besetzt)
        nächste[rn]? freie[rn]? (mitarbeiter|platz)\w*|nach dem (signalton|ton|piepton)
    """,
    2.0: r"""
        (für|um|wenn) (\w+ ){1,12}?(drücken|wählen) sie|(drücken|wählen) sie (bitte )?(die )?\w+ (für|um|wenn)
        (gespräch\w*|anruf\w*) (\w+ ){0,6}(aufgezeichnet|mitgeschnitten)|bitte bleiben sie in der leitung
    """,
    1.0: r"""
        bitte warten( sie)?
    """,
}

_PERSON: Mapping[float, str] = {
    2.0: r"""
        mein name ist|ich (bin|habe|werde|schaue|kann)|(kann|darf) ich
    """,
}

GERMAN = Cues(
    roles=read_table(_AGENT) + read_table(_CUSTOMER, sign=-1),
    machine=read_table(_MACHINE),
    person=read_table(_PERSON),
    introduces=re.compile(
        r"\b(?:name ist|ich heiße|ich bin|(?:sie sprechen|am apparat ist)(?: mit)?) (?=(\w+)(?: (\w+))?)"
    ),
    calls=re.compile(
        r"\b(?:hallo|danke|guten (?:tag|morgen|abend)|wiederhören|spreche ich mit|frau|herr) (?=(\w+)(?: (\w+))?)"
    ),
    self=frozenset({"ich", "mich", "mir", "mein", "meine", "meinen", "meinem", "meiner"}),
    others=frozenset({"sie", "ihnen", "ihr", "ihre", "ihren", "ihrem", "wir", "uns", "unser", "unsere"}),
)
