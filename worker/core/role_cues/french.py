"""How agents, customers and machines talk in French: what hardly anybody else says. Tried on a few dialogues."""

from __future__ import annotations

import re
from collections.abc import Mapping

from worker.core.role_cues.cues import Cues, read_table

_AGENT: Mapping[float, str] = {
    3.0: r"""
        merci (d avoir appelé|de votre appel|d avoir contacté|de nous avoir (appelés?|contactés?))
        (comment|en quoi|que) (puis je|pouvons nous|est ce que je peux|je peux) (\w+ )?(aider|renseigner
        ||faire pour vous)
        (puis je|je peux) vous (être utile|aider) (\w+ ){0,3}(autre|d autre)
        (autre chose|quelque chose d autre)( \w+){0,4} (vous aider|pour vous)
    """,
    2.5: r"""
        (pouvez|pourriez) vous (s il vous plaît )?(me |m )?
        |(donner|indiquer|confirmer|épeler|préciser|communiquer|rappeler)
        | (votre|vos|le|la)
        je vous (transfère|passe|mets en (attente|relation))|je vais vous (transférer|passer|mettre en)
    """,
    2.0: r"""
        (désolée?|navrée?|excuse\w*) (pour|de) (la gêne|ce désagrément|le désagrément|l attente|cet? \w+|vous)
        merci (d avoir patienté|de (votre patience|patienter|votre confiance)|pour (votre patience|ces informations))
        je (vais )?(vérifie|regarde|consulte)r? (\w+ ){0,3}(dossier|système|cela|votre|pour vous)
        (je|nous) ((allons |vais )?vous) (enverrons|enverrai|envoyer|rembourser|rappellerons?|rappeler|confirme)
        (notre|nos) (système|équipe|service|techniciens?|magasins?|conseillers?|entrepôt)
    """,
    1.5: r"""
        (un|quelques) (instants?|moments?) (s il vous plaît|je vous prie)|ne quittez pas|(veuillez )?patienter
        (je vous souhaite|passez) une (bonne|excellente|agréable)|à votre service
    """,
    1.0: r"""
        (votre|vos) (numéro|nom|adresse|compte|commande|contrat|facture|dossier|carte|téléphone|réservation|mail)
    """,
}

_CUSTOMER: Mapping[float, str] = {
    2.0: r"""
        j ai (\w+ )?(un|une|des|eu un) (\w+ )?(problèmes?|souci|question|réclamation|panne|incident)
        (je vous appelle|j appelle|je vous téléphone) (parce|car|pour|au sujet|concernant|à propos)
        (on m a|vous m avez|j ai été) (dit|promis|facturée?|prélevée?|débitée?|coupé|raccroché)|personne ne (m|me)
        mon (numéro|adresse|compte|téléphone|nom|mail)( \w+){0,3} (est|c est)
        merci (beaucoup )?(pour|de) votre aide
    """,
    1.5: r"""
        (je veux|je voudrais|je souhaite|j aimerais|j ai besoin de?) (\w+ ){0,2}?(annuler|résilier|retourner|savoir
        ||changer|commander|réserver|parler|signaler|modifier|me faire|faire une)
        (ma|mon) (facture|commande|colis|contrat|internet|ligne|carte|vol|billet|rendez vous|abonnement)
        (ne |n )(fonctionne|marche|est) (pas|toujours pas)|pas (arrivée?|reçue?|livrée?)
        (quand|combien de temps) (est ce|vais je|ça|cela|faut il|arrive\w*)|(c est|ce sera) tout
    """,
}

_MACHINE: Mapping[float, str] = {
    3.0: r"""
        votre appel est( très)? important|(tapez|appuyez sur|faites le) (la )?(touche )?(dièse|étoile)
        (tous )?nos (conseillers|opérateurs|agents|lignes) sont
        (prochain|premier) (conseiller|agent|opérateur) disponible|après le (signal|bip)
    """,
    2.0: r"""
        (pour|si) (\w+ ){1,12}?(tapez|appuyez|faites le|composez)|(tapez|appuyez sur|composez) (le )?\w+ (pour|si)
        (appel|conversation)s? (\w+ ){0,4}enregistrée?s?|(veuillez )?rester en ligne|restez en ligne
    """,
    1.0: r"""
        veuillez (patienter|saisir|composer)
    """,
}

_PERSON: Mapping[float, str] = {
    2.0: r"""
        je m appelle|je (suis|vais|vous|vérifie|regarde)|(puis je|je peux)|j ai
    """,
}

FRENCH = Cues(
    roles=read_table(_AGENT) + read_table(_CUSTOMER, sign=-1),
    machine=read_table(_MACHINE),
    person=read_table(_PERSON),
    introduces=re.compile(r"\b(?:nom est|je m appelle|je suis|c est) (?=(\w+)(?: (\w+))?)"),
    calls=re.compile(
        r"\b(?:bonjour|bonsoir|merci|merci beaucoup|madame|monsieur|au revoir|je parle à) (?=(\w+)(?: (\w+))?)"
    ),
    self=frozenset({"je", "j", "me", "m", "mon", "ma", "mes", "moi"}),
    others=frozenset({"vous", "votre", "vos", "nous", "notre", "nos"}),
)
