"""Words by which other persons are spoken of: relations, titles, colleagues, and common first names.

English, German and Spanish, the languages of the pages, and French. Small closed tables that can be read whole: what is
not in them is found by its capital alone, in languages that write only names with one.
"""

from __future__ import annotations

from worker.core.wording import word_set

OWNERS = word_set(
    "my our your his her their mein meine meinen meiner meinem unser unsere unseren unserer unserem ihr ihre ihren "
    "ihrer ihrem sein seine seinen seiner seinem dein deine mi mis nuestro nuestra su sus tu mon ma mes notre nos "
    "votre vos"
)
"""Before a relation: whose it is."""

RELATIONS = word_set(
    "husband wife spouse partner fiance fiancé fiancée boyfriend girlfriend mother father mum mom mummy dad daddy "
    "parents son daughter child children kids kid baby brother sister sibling grandmother grandfather grandma grandpa "
    "granny grandson granddaughter uncle aunt auntie cousin nephew niece stepson stepdaughter stepfather stepmother "
    "in-laws mother-in-law father-in-law son-in-law daughter-in-law brother-in-law sister-in-law ex ex-husband "
    "ex-wife neighbour neighbor neighbours neighbors friend friends flatmate roommate housemate landlord landlady "
    "tenant carer caregiver lawyer solicitor doctor boss mann frau ehemann ehefrau gatte gattin lebensgefährte "
    "lebensgefährtin verlobter verlobte freund freundin mutter vater mama papa eltern sohn tochter kind kinder bruder "
    "schwester geschwister oma opa großmutter großvater enkel enkelin onkel tante cousin cousine neffe nichte "
    "schwiegermutter schwiegervater schwiegersohn schwiegertochter nachbar nachbarin nachbarn mitbewohner "
    "mitbewohnerin vermieter vermieterin mieter mieterin anwalt anwältin arzt ärztin chef chefin exmann exfrau marido "
    "esposo esposa mujer pareja novio novia madre padre mamá papá padres hijo hija hijos hermano hermana abuela "
    "abuelo nieto nieta tío tía primo prima sobrino sobrina suegra suegro cuñado cuñada yerno nuera vecino vecina "
    "vecinos amigo amiga compañero compañera casero casera inquilino inquilina abogado abogada médico jefe jefa mari "
    "femme époux épouse conjoint conjointe compagnon compagne copain copine mère père maman papa fils fille enfant "
    "enfants frère sœur soeur grand-mère grand-père oncle neveu nièce belle-mère beau-père voisin voisine voisins ami "
    "amie colocataire propriétaire locataire avocat avocate médecin patron patronne"
)
"""Who somebody is to one of the two who speak."""

COLLEAGUES = word_set(
    "colleague colleagues coworker co-worker manager supervisor assistant technician engineer driver courier kollege "
    "kollegin kollegen kolleginnen vorgesetzter vorgesetzte techniker technikerin fahrer fahrerin colega encargado "
    "encargada supervisora técnico técnica repartidor conductor collègue collègues responsable technicien "
    "technicienne livreur chauffeur"
)

TITLES = word_set(
    "mr mrs ms miss mister dr doctor prof professor sir madam herr herrn frau dr. señor señora señorita sr sra srta "
    "don doña monsieur madame mademoiselle mme mlle"
)
"""Before a name, and nearly never before anything else that has a capital."""

TITLES_ALONE = word_set("sir madam miss doctor frau don señor señora señorita monsieur madame mademoiselle")
"""Said to somebody without their name: no name follows for that alone."""

CALLED = word_set("called named heißt namens genannt llamado llamada llama nommé nommée appelle")
"""Before a name of whoever was spoken of."""

NAME_IS = (
    ("name", "is"),
    ("names", "is"),
    ("my", "name"),  # of "my name's", whose end is cut off
    ("name", "ist"),
    ("heiße",),
    ("nombre", "es"),
    ("llamo",),
    ("m'appelle",),
    ("nom", "est"),
)
"""Before one's own name."""

THIS_IS = (
    ("this", "is"),
    ("i'm",),
    ("i", "am"),
    ("it's",),
    ("hier", "ist"),
    ("hier", "spricht"),
    ("ich", "bin"),
    ("soy",),
    ("habla",),
    ("c'est",),
    ("je", "suis"),
)
"""Before one's own name at the beginning of a turn, and before much else."""

SPOKEN_TO = word_set(
    "hi hello hey thanks thank you okay ok sorry sure yes no morning afternoon evening goodbye bye right well dear "
    "please so and hallo danke ja nein tag morgen abend gut tschüss wiederhören entschuldigung bitte hola gracias sí "
    "buenos buenas días tardes adiós perdón vale claro bonjour merci oui non bonsoir revoir pardon d'accord"
)
"""Around the name of whoever is spoken to."""

FIRST_NAMES = word_set(
    "aaron adam adrian aisha alan alejandro alex alexander alexandra alice amanda amy ana andrea andreas andrew "
    "angela anita anja anna anne annette antonio antonia barbara beatriz ben benjamin bernd birgit brian camille "
    "carla carlos carmen carol caroline catherine charles charlotte chloe chris christian christina christine claire "
    "claudia clara craig cristina dagmar daniel daniela dave david deborah denise dennis diana diego dirk dominik "
    "donna dorothy edward elena elisabeth elizabeth ella ellen emily emma eric erika ernesto eva felix fernando fiona "
    "florian frank francisco franziska frederic gabriel gary gemma george gerhard gisela grace graham greg guido "
    "hannah hans harry heather heike heinz helen helena helga henry holger horst ian ignacio ines ingrid irene isabel "
    "isabella jack jacob jaime james jan jane janet jasmin jason javier jean jens jessica joanna joanne joe joel "
    "johanna johannes john jonas jonathan jorge josé joseph josefina joshua juan juana julia julian julie jürgen kai "
    "karen karin karl katharina katherine katja kelly kerstin kevin klaus laura lauren lea leah lena leon leonie "
    "lewis liam linda lisa lucas lucia lucy luis luisa lukas luke lynn manuel manuela marc marcel marco marcos "
    "margaret maria maría marie marion mark markus marta martha martin martina mary mateo mathilde matthew matthias "
    "max maximilian megan melanie melissa mercedes michael michaela michelle miguel mike miriam mohammed monica "
    "monika monique nadine natalie nathan nicholas nick nicolas nicola nicole nina nora oliver olivia oscar pablo "
    "pamela patricia patrick paul paula pedro peter petra philip philipp pierre pilar rachel rafael ralf raquel raul "
    "rebecca regina renate ricardo richard rita robert roberto roger rosa rose ruth ryan sabine sam samantha samuel "
    "sandra sara sarah scott sebastian sergio sharon silke silvia simon simone sofia sonja sophia sophie stefan "
    "stefanie stephanie stephen steve steven stuart susan susana susanne sven tamara tanja teresa thomas thorsten tim "
    "tina tobias tom tomas tony ulrich ulrike ursula uwe valentina vanessa vera verena veronica victor victoria "
    "vincent walter wendy werner wilhelm william wolfgang yolanda yvonne zoe priya mei fatima ahmed omar ali yusuf "
    "ravi anil sanjay wei li olga ivan svetlana ayşe mehmet"
)
"""Common ones where these languages are spoken. One that is also a word, as "rose", counts with a capital alone."""

CAPITAL_ALL_NOUNS = frozenset({"de"})
"""Languages that write every noun with a capital: there a capital says nothing."""

NOT_NAMES = word_set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december english german spanish french british american european uk us usa eu england "
    "britain scotland wales ireland germany spain france london berlin madrid paris christmas easter internet wifi "
    "wi-fi god ok okay tv pin id iban visa mastercard paypal amazon google apple samsung microsoft windows iphone "
    "android netflix facebook whatsapp ups dhl fedex hermes mr mrs ms dr i i'm i'll i've i'd lunes martes miércoles "
    "jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril mai juin juillet août "
    "septembre octobre novembre décembre"
)
"""Written with a capital and nobody's name, most of the time."""
