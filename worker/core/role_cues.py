"""How agents, customers and machines talk: the cue tables by which roles are found, one block per language.

A cue is a pattern with a weight: a log odds (natural logarithm), ln(times as often said by one side / by the other).
Agents' cues are positive, customers' negative; for machines, how much oftener a machine says it than a person. The
weights are set by hand, coarsely, from what such calls are made of. They are not fitted to any set of calls, and name
no company and no product. A language that has no block here decides nothing. English was tried on some 270 dialogues;
Spanish, German and French on a handful, so they have the cues that hardly anybody but an agent or a customer says.

The tables are written one cue a line, as regular expressions; a line that begins with ``|`` goes on, after that sign,
with the cue above. They read lower-case text without punctuation and with contractions written out: "i will".
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.core.transcript import Word


@dataclass(frozen=True)
class Cue:
    """One way of saying something, and what it counts for."""

    pattern: re.Pattern[str]
    weight: float


@dataclass(frozen=True)
class Openings:
    """How the sentences begin by which people take turns: they tell where the speaker changes, not who speaks."""

    answers: re.Pattern[str]  # yes, no, okay, I see
    thanks: re.Pattern[str]
    welcomes: re.Pattern[str]  # what follows a thank you
    greets: re.Pattern[str]

    def change(self, before: Reading, after: Reading, *, asked: bool, asks: bool) -> float:
        """The log odds that somebody else speaks the sentence ``after``; ``asked``: the one before is a question.

        Coarse, and set from counts of how people take turns in service dialogues: of 176 questions before a statement
        153 were answered by the other; of 356 statements before a statement 120 ended a turn.
        """
        if self.welcomes.match(after.text):
            return 2.5
        if self.answers.match(after.text):
            return 1.0 if self.greets.match(before.text) else 3.0
        thanks = self.thanks.match(after.text) is not None
        if asked:
            return 2.5 if self.greets.match(after.text) else 0.5 if thanks else 1.0 if asks else 2.0
        if thanks:
            return -2.0 if self.welcomes.match(before.text) else 0.5
        if any(opens.match(before.text) for opens in (self.answers, self.thanks, self.welcomes, self.greets)):
            return -2.0  # whoever has answered or greeted goes on
        return -1.4 if asks else -0.7


@dataclass(frozen=True)
class Cues:
    """What is known about one language.

    ``introduces`` and ``calls`` find where people name themselves and whom they speak to; their groups are the words
    that may be the name. ``self`` and ``others`` are pronouns: customers talk of themselves, agents of "you" and "we".
    """

    roles: tuple[Cue, ...]
    machine: tuple[Cue, ...]
    person: tuple[Cue, ...]  # what speaks against a machine
    introduces: re.Pattern[str]
    calls: re.Pattern[str]
    self: frozenset[str]
    others: frozenset[str]
    openings: Openings | None = None  # None: not known well enough to tell two parties in one voice


@dataclass(frozen=True)
class Reading:
    """Words as the cues read them, with the way back to what was said."""

    words: tuple[Word, ...]
    text: str
    starts: tuple[int, ...]  # where in the text each word begins

    @classmethod
    def of(cls, words: Sequence[Word]) -> Reading:
        """Reads words in their order. A word of punctuation alone takes no room."""
        parts, starts, at = [], [], 0
        for word in words:
            part = plain(word.text)
            starts.append(at)
            if part:
                parts.append(part)
                at += len(part) + 1
        return cls(tuple(words), " ".join(parts), tuple(starts))

    def words_of(self, match: re.Match[str]) -> tuple[Word, ...]:
        """The words that a match and its groups lie on, as they were said."""
        first = bisect_right(self.starts, match.start()) - 1
        end = max(match.end(group) for group in range(match.re.groups + 1))
        return self.words[first : max(first + 1, bisect_left(self.starts, end))]

    def names(self, pattern: re.Pattern[str]) -> Iterator[str]:
        """What the groups of a pattern find and the recogniser wrote with a capital: names, as the cues read them."""
        for match in pattern.finditer(self.text):
            for group in range(1, pattern.groups + 1):
                if match.group(group) and self._word_at(match.start(group)).text[:1].isupper():
                    yield match.group(group)

    def _word_at(self, place: int) -> Word:
        return self.words[bisect_right(self.starts, place) - 1]


_WRITTEN_OUT = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"\bwon't\b", "will not"),
        (r"\bcan't\b", "can not"),
        (r"n't\b", " not"),
        (r"\bi'm\b", "i am"),
        (r"'re\b", " are"),
        (r"'ll\b", " will"),
        (r"'ve\b", " have"),
        (r"'d\b", " would"),
        (r"\b(that|what|it|there|here|how|who|where|when|she|he|name)'s\b", r"\1 is"),
        (r"\bcannot\b", "can not"),
        (r"\bma'am\b", "madam"),
        (r"\be-?mail", "email"),
    )
)
_NOT_A_WORD = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A text as the cues read it."""
    text = text.casefold().replace("’", "'")
    for pattern, written_out in _WRITTEN_OUT:
        text = pattern.sub(written_out, text)
    return _NOT_A_WORD.sub(" ", text).strip()


def _table(cues: Mapping[float, str], *, sign: int = 1) -> tuple[Cue, ...]:
    found = []
    for weight, block in cues.items():
        lines: list[str] = []
        for line in block.strip().split("\n"):
            if line.strip().startswith("|"):
                lines[-1] += line.strip()[1:]
            else:
                lines.append(line.strip())
        found += [Cue(re.compile(rf"\b(?:{line})\b"), sign * weight) for line in lines]
    return tuple(found)


# --- English ---

_DETAIL = (
    r"(\w+ ){0,3}?(number|address|email|birth|postcode|zip|code|details|information|id|phone|account|password|pin"
    r"|passport|reference|username)"
)
_THING = (
    r"(account|order|bill|card|phone|internet|package|parcel|refund|payment|flight|booking|reservation|policy"
    r"|subscription|delivery|appointment|claim|case|ticket|request|membership|plan|shipment|purchase|invoice"
    r"|application|balance|statement|device|router|computer|laptop|car|vehicle|insurance|contract|warranty|loan|line"
    r"|email address)"
)
_KEY = r"(\d|one|two|three|four|five|six|seven|eight|nine|zero|star|pound|hash)"

_AGENT_EN: Mapping[float, str] = {
    3.0: r"""
        (thank you|thanks)( so much| very much)? for
        | (calling(?! me| back| us back)|contacting(?! me)|choosing|reaching out)
        anything else (that )?(i|we) (can|could|may|might)( \w+)? (do|help|assist|get)
        how (may|can|could|might) (i|we) (help|assist|be of)
    """,
    2.5: rf"""
        (may|can|could|might) (i|we) (please |just |quickly |also |first |possibly )*
        |(have|get|take|confirm|verify|ask( you)?( for)?|grab|start with|see) (you |your |the |an? )(\w+ )?{_DETAIL}
        (could|can|would|will) you (please |just |also |kindly |first |possibly )*
        |(provide|give|confirm|verify|spell|share|state|describe|send)( us| me)?( with| please| for me)*
        |( your| the (last|order|account|model|serial|make|exact)| a bit more| more details)
        (i will|i can|let me|i am going to|i would like to|shall i|allow me to) (just |quickly |now )?
        |(transfer|connect|put|pass) you (\w+ )?(to|through|with|over|on)
        (place|put|putting|placing) you on (a )?(brief |short |quick )?hold
        to (better |further |best )?assist you|assist you (further|with|today|better)
        (happy|glad|pleased|love) to (help|assist)( you)?|here to (help|assist)|here for you
        (appreciate|value|valued) your (business|patience|feedback|call|loyalty|patronage)|valued customer
    """,
    2.0: r"""
        ((i|we) (do |sincerely |truly |really )*apologi[sz]e|(my|our) (sincere )?apologies)( for| about| that)?
        sorry (to hear|about (that|the|your)
        ||for (the|any|your|this) (inconvenience|trouble|frustration|confusion|experience|issue|poor))
        for (security|verification|quality|identification)( \w+ \w+)? (purposes?|reasons?)|for verification
        (thank you|thanks) for (holding|waiting|your patience|bearing|verifying|confirming|providing|specifying
        ||that information|bringing this|letting us know)
        let me (just |quickly |go ahead and |first |please )*(look|pull|bring|take a (quick )?look|find|verify|check)
        |( \w+){0,4} (for you|up|into|your|the details|the system|details|our)
        (in|on|from) our (system|end|side|records?|database|files?|website|site|app|computer)
        (do not|never) hesitate to (contact|call|reach|ask|let)|feel free to (contact|call|reach|ask|come)
        your (\w+ )?(reference|confirmation|tracking|booking|case|ticket|claim)( number)? (number |is|will be)
        you will (receive|get|be (receiving|notified|contacted|charged|getting))
        (i have|i) (just )?(processed|updated|submitted|issued|initiated|located|escalated|noted|applied)
        | (your|the|a|that|this|you)
        (call|contact|email|reach|visit|message) us
        (i will|let me|i am going to|we will|i can) (just |quickly |also |go ahead and |now )?
        |(look into|guide you|walk you|get back to you|send you|check (that|this|on|with)|arrange|escalate|put in
        ||adjust)
        is there anything else|anything else (today|for (you|today)|before)
        rest assured|give me (just )?(a|one) (\w+ )?(moment|second|minute)
        you are (speaking|talking) (to|with)
    """,
    1.5: rf"""
        (this is|my name is) (\w+ ){{1,3}}?((and )?i am )?(with|from|at|calling from|here from|on behalf of)
        ||and i (am (here )?(with|representing)|represent)
        welcome (to|back)
        what can i (do|help you|assist|get) (for|with|you)
        what (is|was) your ({_DETAIL}|(full |first |last )?name)
        (may|can|could) i (please |just |also |first )*(have|get|take|ask|know) your (\w+ ){{0,2}}name
        bear with me|(one|just a) (moment|second) (please|while)
        (i|we) (will|can|could|have|am going to|would) (\w+ ){{1,6}}for you
        we (will|are going to) (send|email|call|contact|ship|process|investigate|get back|review|refund|look
        ||be in touch|make sure|take care|correct|deliver|need)
        we (offer|provide|also have|do have|have (a|an|several|many|some|two|three|our)|recommend|accept|value)
        we would (love|like|be happy|be glad) to|we are (sorry|unable|aware|working|looking)
        would you like (me|us|to (book|try|make|order|hear|know|schedule|proceed|pay|use|see|add|go|speak|have))
        (am i|i am) speaking (with|to)|(may|can|could) i speak (with|to) (mr|mrs|ms|miss|mister)
        our (policy|policies|records?|team|department|customers?|technicians?|specialists?|representatives?|store
        ||company|services?|products?|prices?|rates?|terms|warehouse|office|plans?|engineers?|supervisor)
        my pleasure|it was a pleasure|it has been (a|my) pleasure
        (booking|reservation|payment|order) (was|is|has been) (successful|confirmed|complete|made|processed)
        what (seems to be|is) (the|your) (problem|issue|reason|destination|departure|budget)
        (i|we) (do |can |completely |totally |fully )*understand
        | (your|how (you|frustrating|that|this)|why you|the (frustration|inconvenience|concern))
        are you (still |currently )?(having|experiencing|seeing|getting|using)|(have you tried|did you try)
        let us know
        (thank you|thanks)( so much| very much)? for your (time|business|feedback|cooperation|understanding|loyalty)
        (that was|it was|this is|that is) (our|my) (mistake|error|fault)
        (it|that) (appears|seems|looks like) (that )?(your|there (was|is|has))
        we look forward to|nice to meet you
        (can|could) you (please )?tell me (your|when (you|this|it)|what happened|(a (little|bit) )?more about (the|your)
        | (\w+ )*(issue|problem|situation))
    """,
    1.0: rf"""
        sir|madam
        you are (very |most |so )?welcome
        your {_THING}
        do you have (your|an? (account|order|reservation|appointment|preference|pen)
        ||any (other )?(questions?|preference|further))
        (can|could|may|let) (i|me) (please )?(confirm|verify)
        (which|what) (type|kind|day|time|date|price range|area|size) (of \w+ )?(would|do|are|will|did) you
        how (many|much|long|would) (\w+ ){{0,3}}(would|do|will|are|have) you
    """,
    0.5: r"""
        have a (great|nice|good|wonderful|lovely|pleasant|fantastic) (day|evening|night|weekend|afternoon|one|rest)
        let me (just )?(see|check|know)
        good (morning|afternoon|evening)
        certainly|absolutely|of course
        this is \w+ speaking
    """,
}

_CUSTOMER_EN: Mapping[float, str] = {
    2.5: r"""
        i (want|demand|expect|need|would like) (a |my )(full )?(refund|money back|supervisor|manager|replacement)
        (speak|talk) (to|with) (a|your|someone|somebody|the) ?(\w+ )?(manager|supervisor|representative|person|human)
        you have been (\w+ )?(great|helpful|wonderful|kind|patient)
        (thank you|thanks)( so much| very much| a lot| again)? for (your|all your|the|all the|all of your)
        |( (?!continued)\w+)? (help|assistance|support)
        (thank you|thanks)( so much)? for (helping|fixing|sorting|clarifying|explaining)
        (i have been|i am) a (\w+ )?customer
    """,
    2.0: r"""
        i (am|was) (just )?calling (you )?(in |today |in today )?(because|since|about (my|an|a|the)|regarding (my|an|a)
        ||with (a|an)|to (report|cancel|complain|ask|inquire|book|find out|dispute|return|request|make))
        ||i am (contacting you|phoning|ringing|reaching out) (because|about (my|an|a|the)|to (report|complain))
        i (have|have got|got|am having|have been having|had|am experiencing|have run into|ran into|am facing)
        | (a |an |some |any |this |the )?(\w+ ){0,2}(problems?|issues?|trouble|complaint|difficult(y|ies)|concern)
        my (\w+ ){0,2}(number|email|address|birth|code|postcode|id|username|account|phone|license) (is|was|would be)
        (nobody|no one|none of you) (has |have |ever |will |is |could |can )?
        |(called|told|answer\w*|help\w*|tell|respond\w*|shown?|came)
        i (was|have been|got|keep getting|am being|am still being)
        | (overcharged|charged|billed|told|promised|waiting|on hold|trying|hung up|double|disconnected|transferred)
        (appreciate|appreciated) (your|the|all your|all the) (help|assistance|support)
        you (guys|people)
        (some|your) help (with|finding|me)|(can|could|would) you (please )?help me|i need (some |your )?help
        i (already )?called (you |in )?(before|yesterday|last|earlier|already|twice|three)
        ||the (second|third|fourth|fifth) time (i|that i)
    """,
    1.5: rf"""
        i (would like|want|need|would love|am trying|wanted|will need|would rather|am hoping|have) to (cancel|return
        ||report|book|buy|order|complain|open|reschedule|schedule|reserve|exchange|rent|upgrade|close|dispute|purchase
        ||fly|leave|depart|arrive|travel|find|go|get (a|to|there|my)|stay|eat|change|pick|know|apply|borrow|pay
        ||make an? (reservation|appointment|complaint|booking|payment|flight))
        my {_THING}
        (that is|that will be|that would be|that was) (all|it|everything)( i (needed|need|wanted))?( for (now|today))?
        i (just |recently |already |have |have just |have already )?
        |(bought|ordered|purchased|paid|placed an|signed up|forgot|lost|returned|noticed|subscribed)
        (will not|does not|do not|did not|would not) (work|load|turn on|start|connect|arrive|let me|accept|show up)
        ||never (arrived|received|came|showed|got)
        when (will|can|do|should|would) (i|my|it|this|the)
        ||how (long|soon|much) (will|does|do|would|is|can) (it|that|i|this|the)
        do you (guys )?(sell|offer|accept|take|deliver|carry|rent)
        ||can i (pay|return|cancel|change|use|bring|pick|come|order|book|exchange|still|just|keep|upgrade|rent)
        i (still )?(can not|could not|am not able to|am unable to) (log|access|get|find|open|connect|sign|see|use|reach)
        i keep (getting|trying|having)|i (spoke|talked) (to|with)|(you|they) (told me|promised|said (it|i|that|you))
    """,
    1.0: r"""
        i am (looking for|interested in|trying to|looking to|wondering)|i was wondering|i would be interested
        i (need|want) (a|an|the|it|some)|i will (take|have|try|go with) (it|that|the|a|one|this)
        your (company|website|policy|store|product|app|staff|colleagues?|agents?|technician|customer service|driver)
        i am (\w+ )?(upset|frustrated|angry|annoyed|confused|disappointed|nervous|worried|furious|unhappy|concerned)
        my (wife|husband|son|daughter|kids?|boss|house|apartment|home|job|family|mother|father|mom|dad|budget|friend)
        (can|could) you (please )?(tell me(?! (your|when you|what happened))|recommend|book|find|check|fix|explain
        ||cancel|refund|reserve|send me)
        (thank you|thanks) (so much|very much|a lot|again)|that is (great|wonderful|good) news|sounds (good|great|fine)
        (is|was|are) (still )?(not working|broken|damaged|defective|faulty|missing|late)
        ||(is|was) (ridiculous|unacceptable|terrible)
        (why|how come) (is|am|are|was|did|do|does|can|has|have) (my|i|it|you|the|this|your|they)
    """,
}

_MACHINE_EN: Mapping[float, str] = {
    3.0: r"""
        your call is (very |extremely )?(important|valuable)
        (answered|taken|with you|connected|assisted|transferred)( \w+){0,3}
        | (in the order|by the next|to the next|by the first)
        (next|first) available
        | (agent|representative|operator|advis[oe]r|associate|specialist|consultant|attendant|member)
        (all|our)( of our| our)?( \w+)? (agents|representatives|operators|advis[oe]rs|associates|lines|consultants
        ||specialists) are( currently| still| all| presently)? (busy|assisting|helping|engaged|serving)
        (you are|your call is)( \w+)? (first|next|number \w+|caller \w+) in (the |our )?(line|queue)
        (your|current) (position|place) in (the |our )?(queue|line)
        (estimated|expected|average|approximate) (wait|waiting|hold) time
        if you know your party s extension|dial it at any time|(at|after) the (tone|beep)
        to repeat (this|these) (menu|options|message)|listen carefully as|our menu (options )?(has|have)
        (followed by|(then|and|or|now) (press|dial)|by pressing) (the )?(pound|hash|star)
        (pound|hash|star)( or hash)? key
        touch ?tone|(you are|currently) caller number|callers? (are )?(waiting|ahead of you|in the queue)
        waiting to (speak|talk) (to|with) (a|an|our) \w+
        (nobody|no one) is (currently )?available to take your call
        your call (can|could) not be (completed|connected)
        (number|person|party|extension|customer) you (have dialed|have called|are trying to reach|are calling|dialed)
        | (is|does|has)
    """,
    # One menu item may be a person who walks somebody through; a menu says it again.
    2.0: rf"""
        (for|to|if) (\w+ ){{1,12}}?(press|dial|push) (the )?{_KEY}
        (press|dial) {_KEY} (to|for|if|now)
        (calls?|conversations?) (may|might|will|can|are|is) (also )?(be |being )?(recorded|monitored)( \w+)? (for|to)
        continue to hold|(stay|remain|holding) on the line|hold the line
        please (enter|key in) (your|the|a|an|one)|(leave|record) (a|your) message
        we are (currently |presently )?(closed|experiencing (\w+ )*(calls?|volumes?))
        ||(office|business|opening) hours are
    """,
    1.0: r"""
        (visit|go to|online at)( \w+)? (www|our website|\w+ dot com)|www
        did you know
        please (hold|wait)|(you are|that|this) (is )?(now )?(being )?(transferred|connected) (to|now)
    """,
    0.5: r"""
        (we appreciate|thank you for) (your patience|holding|waiting|calling)
        welcome to
    """,
}

_PERSON_EN: Mapping[float, str] = {
    2.0: r"""
        (may|can|could) (i|we)
        my name is
        i (am|have|will|was|just|see|would|do|can)
    """,
}

# --- Spanish ---

_AGENT_ES: Mapping[float, str] = {
    3.0: r"""
        gracias por (llamar(?!me)|contactar(nos)?|comunicarse|su llamada|elegirnos|confiar en)
        (en qué|cómo|en que) (le|la|lo|te|os|les)? ?(puedo|podemos|podría) (ayudar|servir|atender|asistir)\w*
        (algo|alguna cosa|otra cosa) (más )?en (lo )?que (le |la |lo |te )?(pueda|puedo|podamos) (ayudar|servir)\w*
        (puedo|podemos|podría) (ayudar|servir)(le|la|lo|te) en (algo|alguna cosa|otra cosa)
    """,
    2.5: r"""
        (me )?(puede|podría|puedes|podrías) (por favor )?
        |(dar|decir|facilitar|indicar|proporcionar|confirmar|deletrear|repetir)(me)?
        | (por favor )?(su|sus|tu|el|la|los|un)
        (le|la|lo|te) (voy a )?(paso|transfiero|comunico|pongo|transferir|comunicar|pasar) (con|en espera|al|a la)
    """,
    2.0: r"""
        (lamento|lamentamos|siento|sentimos) (mucho )?(las molestias|los inconvenientes|lo (ocurrido|sucedido)|escuchar)
        (disculpe|disculpas por|perdone) (las|la|los|el) (molestias?|inconvenientes?|demora|espera|retraso)
        gracias por (esperar|su (espera|paciencia|tiempo)|aguardar|confirmar|la información)
        (le|les|te) (enviaré|envío|enviaremos|mandaré|llamaremos|llamaré|confirmo|informo|reembolsaremos)
        vamos a (enviar|mandar|devolver|reembolsar|revisar|solucionar|tramitar)(le|les|lo|la|te)
        (déjeme|permítame|déjame) (que )?(revisar|verificar|consultar|comprobar|ver|reviso|compruebo|consulto|un)
        nuestr[oa]s? (sistema|equipo|departamento|técnicos?|tiendas?|servicios?|políticas?|oficinas?)
    """,
    1.5: r"""
        le (habla|atiende|saluda)|no cuelgue|(espere|aguarde|deme) (un|unos) (momento|segundo|minuto|instante)s?
        (que )?(tenga|pase|tengas) (usted )?(una? )?(muy )?(buena?|feliz|excelente|lindo|bonito) (día|tarde|noche)
        (gracias )?a usted|para servirle|con (mucho )?gusto|es un placer
    """,
    1.0: r"""
        su (número|nombre|dirección|cuenta|pedido|contrato|factura|tarjeta|correo|teléfono|solicitud|reserva|póliza)
    """,
}

_CUSTOMER_ES: Mapping[float, str] = {
    2.0: r"""
        (tengo|tenía|tuve|tenemos|estoy teniendo) (un|una|algún|varios) (\w+ )?
        |(problemas?|incidencia|queja|duda|reclamación|avería|error|consulta)
        (llamo|llamaba|estoy llamando|le llamo) (porque|por|para|sobre|debido)
        me (han|habían|hicieron|cobraron|dijeron|prometieron|están)
        mi (número|dni|cuenta|contrato|correo|teléfono|dirección|apellido) (\w+ ){0,3}es
        nadie me (ha|llamó|llama|contesta|responde|devolvió|atiende)
        gracias por (su|tu|la|toda su) (ayuda|amabilidad)
    """,
    1.5: r"""
        (quiero|quisiera|querría|me gustaría|necesito|deseo) (cancelar|devolver|cambiar|reclamar|saber|hablar|comprar
        ||reservar|reportar|que|contratar|darme|dar de|poner una)
        mi (factura|pedido|tarjeta|línea|internet|paquete|reserva|vuelo|billete|recibo|cita|suscripción|reembolso)
        no (me )?(funciona|ha llegado|llegó|llega|dejan?|tengo (internet|línea|luz|señal))
        (cuándo|cuando) (llega|llegará|me (van|va|llega)|vienen|puedo)|(cuánto|cuanto) (cuesta|tarda|tardará)
        tengo que (pagar|ir|esperar|llamar)|(eso|esto) es todo|nada más
    """,
}

_MACHINE_ES: Mapping[float, str] = {
    3.0: r"""
        su llamada es (muy )?importante|(marque|pulse|presione|oprima) (la tecla )?(asterisco|almohadilla|numeral)
        (todos )?nuestros (agentes|operadores|asesores|representantes) (están|se encuentran)
        (será|va a ser) (atendid[oa]|atendido) (en breve|por el próximo|por orden)|después de (la señal|oír la señal)
    """,
    2.0: r"""
        (para|si) (\w+ ){1,12}?(marque|pulse|presione|oprima)|(marque|pulse|presione|oprima) (el )?\w+ (para|si)
        (llamadas?|conversación) (puede|podrá|podría|será|está siendo|va a) (ser )?(grabada|monitoreada|grabar)
        (permanezca|manténgase|siga) (en|a la) (la )?(línea|espera)
    """,
    1.0: r"""
        por favor (espere|no cuelgue|introduzca|ingrese)
    """,
}

_PERSON_ES: Mapping[float, str] = {
    2.0: r"""
        mi nombre es|me llamo|le (habla|atiende)|(puedo|podemos) (ayudar|servir)\w*
    """,
}

# --- German ---

_AGENT_DE: Mapping[float, str] = {
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

_CUSTOMER_DE: Mapping[float, str] = {
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

_MACHINE_DE: Mapping[float, str] = {
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

_PERSON_DE: Mapping[float, str] = {
    2.0: r"""
        mein name ist|ich (bin|habe|werde|schaue|kann)|(kann|darf) ich
    """,
}

# --- French ---

_AGENT_FR: Mapping[float, str] = {
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

_CUSTOMER_FR: Mapping[float, str] = {
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

_MACHINE_FR: Mapping[float, str] = {
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

_PERSON_FR: Mapping[float, str] = {
    2.0: r"""
        je m appelle|je (suis|vais|vous|vérifie|regarde)|(puis je|je peux)|j ai
    """,
}


CUES: Mapping[str, Cues] = {
    "en": Cues(
        roles=_table(_AGENT_EN) + _table(_CUSTOMER_EN, sign=-1),
        machine=_table(_MACHINE_EN),
        person=_table(_PERSON_EN),
        introduces=re.compile(
            r"\b(?:name is|this is|i am|it is|you are (?:speaking|talking) (?:with|to)) (?=(\w+)(?: (\w+))?)"
            r"|\b(?=(\w+)(?: (\w+))? speaking\b)"
        ),
        calls=re.compile(
            r"\b(?:hi|hello|hey|thanks|thank you|thank you (?:so|very) much|bye|goodbye"
            r"|good (?:morning|afternoon|evening)|(?:am i|i am) speaking (?:with|to)|is this"
            r"|mr|mrs|ms|miss|mister) (?=(\w+)(?: (\w+))?)"
        ),
        self=frozenset({"i", "me", "my", "mine", "myself"}),
        others=frozenset({"you", "your", "yours", "we", "us", "our", "ours"}),
        openings=Openings(
            answers=re.compile(
                r"(?:yes|no|yeah|yep|nope|yup|ok|okay|sure|great|perfect|right|all right|alright|good|fine|wonderful"
                r"|exactly|correct|certainly|absolutely|of course|understood|got it|i see|i understand|oh|no problem"
                r"|sounds (?:good|great)|that is (?:great|fine|right|correct|it|all)|i am (?:so |very )?sorry)\b"
            ),
            thanks=re.compile(r"(?:thank|thanks)\b"),
            welcomes=re.compile(r"(?:you are (?:most |very |quite |so )?welcome|(?:it (?:is|was) )?my pleasure)\b"),
            greets=re.compile(r"(?:hi|hello|hey|good (?:morning|day|afternoon|evening))\b"),
        ),
    ),
    "es": Cues(
        roles=_table(_AGENT_ES) + _table(_CUSTOMER_ES, sign=-1),
        machine=_table(_MACHINE_ES),
        person=_table(_PERSON_ES),
        introduces=re.compile(r"\b(?:nombre es|me llamo|soy|le (?:habla|atiende)) (?=(\w+)(?: (\w+))?)"),
        calls=re.compile(
            r"\b(?:hola|gracias|adiós|señora?|don|doña|hablo con|buen(?:os|as) (?:días|tardes|noches))"
            r" (?=(\w+)(?: (\w+))?)"
        ),
        self=frozenset({"yo", "me", "mi", "mis", "mí", "conmigo"}),
        others=frozenset({"usted", "ustedes", "le", "les", "su", "sus", "nosotros", "nuestro", "nuestra", "nos"}),
    ),
    "de": Cues(
        roles=_table(_AGENT_DE) + _table(_CUSTOMER_DE, sign=-1),
        machine=_table(_MACHINE_DE),
        person=_table(_PERSON_DE),
        introduces=re.compile(
            r"\b(?:name ist|ich heiße|ich bin|(?:sie sprechen|am apparat ist)(?: mit)?) (?=(\w+)(?: (\w+))?)"
        ),
        calls=re.compile(
            r"\b(?:hallo|danke|guten (?:tag|morgen|abend)|wiederhören|spreche ich mit|frau|herr) (?=(\w+)(?: (\w+))?)"
        ),
        self=frozenset({"ich", "mich", "mir", "mein", "meine", "meinen", "meinem", "meiner"}),
        others=frozenset({"sie", "ihnen", "ihr", "ihre", "ihren", "ihrem", "wir", "uns", "unser", "unsere"}),
    ),
    "fr": Cues(
        roles=_table(_AGENT_FR) + _table(_CUSTOMER_FR, sign=-1),
        machine=_table(_MACHINE_FR),
        person=_table(_PERSON_FR),
        introduces=re.compile(r"\b(?:nom est|je m appelle|je suis|c est) (?=(\w+)(?: (\w+))?)"),
        calls=re.compile(
            r"\b(?:bonjour|bonsoir|merci|merci beaucoup|madame|monsieur|au revoir|je parle à) (?=(\w+)(?: (\w+))?)"
        ),
        self=frozenset({"je", "j", "me", "m", "mon", "ma", "mes", "moi"}),
        others=frozenset({"vous", "votre", "vos", "nous", "notre", "nos"}),
    ),
}
"""What is known, per language (ISO 639-1)."""
