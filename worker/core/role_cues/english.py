"""How agents, customers and machines talk in English: tried on some 270 dialogues."""

from __future__ import annotations

import re
from collections.abc import Mapping

from worker.core.role_cues.cues import Cues, Openings, read_table

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

_AGENT: Mapping[float, str] = {
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

_CUSTOMER: Mapping[float, str] = {
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

_MACHINE: Mapping[float, str] = {
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

_PERSON: Mapping[float, str] = {
    2.0: r"""
        (may|can|could) (i|we)
        my name is
        i (am|have|will|was|just|see|would|do|can)
    """,
}

ENGLISH = Cues(
    roles=read_table(_AGENT) + read_table(_CUSTOMER, sign=-1),
    machine=read_table(_MACHINE),
    person=read_table(_PERSON),
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
)
