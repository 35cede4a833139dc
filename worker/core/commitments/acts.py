"""English wording for acts: what is promised, by whom, and what is never a promise although somebody "will" do it.

Each table says what follows the words that open it ("I'll …", "a technician will …", "you'll …"). They are meant to be
read and argued with.
"""

from __future__ import annotations

import re

from worker.core.commitments.tables import anywhere, begins
from worker.core.wording import word_set

NEVER_PROMISED = begins(r"""
    (?:quickly )?(?:check|look|see)(?! (?:to it|that .* gets?|with|into)\b)(?!(?<=see) (?:to|that (?:the|your|our|an?|
    it|
    he|she|they|\w+one|\w+body))\b) / have (?:a |another )?(?:quick |
    little )?(?:look|think|listen|chat) / take (?:a |another )?(?:quick |closer )?look / pull / \w+ you through /
    make (?:this|that|it) / bring (?:that |it )?up / put you (?:on|through|back) / place you / hold(?! (?:it|that|the|
    your|a|one|this)\b) / stay / wait / (?:transfer|connect|hand|pass|switch|direct|redirect|refer) you / need /
    (?:not )?(?:meet|see) you (?:back |over )?(?:on|in|there|at|next|around|again|soon)(?= (?:the )?(?:dms?|chat|app|
    air|
    sk(?:y|ies)|beach\w*|sunny|other|direct|private|inbox)\b) / spoil / (?:always )?look after you / pamper /
    get you (?:back )?
    (?:in|up|to|on)(?: in| to)? (?:the|your) (?:air|sk(?:y|ies)|sun|beach\w*|seats?|way)\b / welcome /
    be (?:honest|frank|
    fair|off|away|out|quick|brief|straight|blunt|happy|glad|sure|right|fine|careful|late|sorry)\b / end up /
    hope / pop (?:your|that|this|it|the)(?: \w+)? in(?! (?:the|a|an) ) / pick (?:my|up my|our) / collect my /
    have to / want / like / love / prefer / hate / do / know / understand / find / use / stop / agree / accept /
    believe / be(?! (?:\w+ing|(?:at )?home|there|with you|(?:back )?in (?:touch|contact)|back to you|out to you|over|
    round|around|in (?:all|the|on|tomorrow|from|between|until))\b) / be (?:asking|needing|checking|looking|
    transferring|putting|placing|waiting|assisting|helping|moving|handling|speaking|flying|landing|boarding|departing|
    learning|closing|opening|finishing|leaving|
    going) / be with you (?:in|shortly) / be taking (?:your|over) / try / attempt / explain / tell you / say / read /
    help / assist / guide / walk / start / begin / ask you / verify / confirm / give you (?:a|one|another|
    some) (?:moment|minutes?|seconds?|sec|time|hint|example|overview|chance) / give you (?:the|my|our|your|some|that|
    both|one more)(?!.*\b(?:money|refund|back|cash|deposit|discount|credit|difference|keys?)\b) /
    let you (?:go|get|be|off|decide|think|talk|speak) / think / consider / go (?:and|get|with|over|
    through|for|to|back|into|find|look|check) / go / make (?:a |some )?notes? / note / miss / remember / bet / admit /
    assume / take (?:your|it from|notes?|down|you|that as|this as|the (?:first|second|next)|over|one|two|both|(?:a|
    the) payment|(?:this|that|the) (?:one|room|table|deal|offer)) / suppose / keep (?:that|it|this) in mind /
    keep trying / continue / repeat / spell / apologi[sz]e / come back / get (?:your|the|some|that|this|those|
    my) (?:\w+ )?(?:account|details|information|info|file|record|profile|name|number|screen|order|reservation|
    policy)s?(?! (?:over|to|back|out|sent|fixed|sorted|changed)\b) / get (?:started|straight|right (?:on|to|back)|to) /
    get you (?:over|through|connected|started|set|transferred) / share / discuss / (?:talk|speak) to you / talk you /
    get (?:my|a|the) (?:\w+ )?(?:on the line|supervisor|manager|colleague)(?! to\b) / talk soon / enjoy / always /
    run (?:through|a) / proceed / mention / point / skip / ignore / rather / collect your / list(?:en)? / let (?:it|
    that|this|him|her|them) go / work / have you (?:on|up|back|in|out) / describe / show / recommend / suggest /
    offer / answer / type / search / access / locate / double.?check / rephrase /
    put (?:a|some) (?:note|comment)s?(?! (?:through|
    under|up|in (?:the|your|their|every) (?:post|letter|door|window|box))) /
    put (?:that|this|it) (?:down|in) (?:as|the notes) / end / hang / move on / turn / pop you / make (?:sure|
    certain)(?: \w+){0,2} (?:never|not)
""")
"""Done on the line, thought, felt or politely meant: no promise, whoever says it."""

AGAINST_THEM = anywhere(r"""
    (?:charge|bill|debit|fine|invoice|evict|sue|suspend|prosecute|blacklist) (?:you|your) / be (?:charging|billing|
    debiting|fining|suing|suspending) (?:you|your) / cut (?:you|it|them) off / cut (?:off )?(?:your|the) (?:line|phone|
    service|power|electricity|gas|water|internet|supply|connection|access) / cut off /
    (?:disconnect|switch off|shut off|turn off) (?:you|your) / collections? agency / to (?:debt )?collections? /
    debt collect\w+ / bailiffs? / (?:take|see) you (?:to|in) court / legal (?:action|steps|proceedings) /
    add (?:a|the) (?:late fee|penalty|surcharge) / (?:raise|increase|put up) your
""")
"""A threat, or a charge: held out to the other side, not promised."""

REFUSED = re.compile(
    r"(?:hardly|barely|scarcely|rarely|seldom|never|not|no longer)\b|[^,]*\b(?:nothing(?! (?:gets|is|will|"
    r"happens|goes))|none|"
    r"neither|no (?!later|more than|longer than|charge|cost|extra|fees?|additional|matter|problem|time|interest|"
    r"obligation|delay|less|later|sooner|one\b|further (?:charge|cost|fee))\w+ ?$|no (?:refund|money|replacement|"
    r"credit|answer|compensation|discount|help|technician|engineer|new)\b)"
)
"""A word against it: "send you no refund", "hardly send you one"."""

KEEPS_FROM_THEM = re.compile(
    r"(?:make (?:sure|certain)|see (?:to it )?|ensure)\b.*\b(?:don't|do not|doesn't|does not|won't|will not|never|not|"
    r"no longer) (?:ever )?(?:get|gets|receive|receives|have|has|see|sees|hear|hears)\b(?! (?:charged|billed|fined|cut|"
    r"disconnected|lost|forgotten|missed|delayed|to (?:pay|wait)|any (?:more )?(?:bills?|charges?|letters?|calls?)|"
    r"another (?:bill|charge|fee|problem)|(?:it|this|that|the same)(?: \w+)? again))"
)
""" "I'll make sure you don't get it"."""

DONE_IN_THE_SYSTEM = begins(r"""
    (?:cancel|change|update|process|apply|add|remove|book|register|set|activate|reset|submit|create|open|log|adjust|
    block|unlock|file|raise|enter|schedule|scan|make(?! (?:sure|certain|you))|reserve|review|order|select|delete|clear|
    upgrade|
    downgrade|extend|complete|fill|lodge|place|refresh|run|restart|switch|sign|enroll?|renew|close|link|generate|print|
    save|edit|correct|disable|enable|transfer|record|document|charge|assign|direct|pencil|exchange|give|
    get(?! .*(?:to you|out to|over to|sent|posted)\b)|mark|request|see to|handle|sort|deal with|fix|waive|discount|
    hono[u]?r|put (?:in|that through|it through|you down|you in)|take (?:care|the|off|that|it|
    this))(?! (?:you )?(?:a )?(?:call|ring|bell|buzz|shout|back|in touch|someone|somebody|hold of|it to|that to|
    them to|one of)\b)
""")
"""What an agent does in the system while talking: a promise of "I" only where it is said to be for later."""

AGENTS_NEVER = begins("be (?:in|around|here)(?! (?:touch|contact))")
"""Of an agent it is no more than where to find him."""

STEPS_ON_THE_WAY = begins(r"""
    look into / check / speak / talk / have a word / find out / ask / consult / reach out to(?! you) / (?:contact|
    message)(?! you) / (?:call|phone|ring)(?! (?:you|back)) / be (?:talking|speaking|looking into) / review / run it /
    get onto / investigate / research / figure
""")
"""A promise of one's own only with a time, or with what the other side gets out of it."""

REACHES_THE_OTHER = anywhere(r"""
    (?:and|then|to) (?:then |i'll |we'll |i will |we will )?(?:get (?:right )?back|come back|call|ring|
    phone|email|text|let|send|report back|update|follow up|contact|notify|inform|write|forward|
    give)(?: \w+){0,2}? (?:you|back) / (?:and|then) (?:i'll |we'll )?follow up /
    (?:and|then) (?:leave|keep|put|have) (?:it|them|that|one)
    (?: [\w']+){0,4}? for you /
    (?:and|then) (?:post|mail|pop|drop|bring|put) (?:it|them|that|one)(?: [\w']+){0,5}? (?:you|post|
    mail|door|office|place) / (?:ask|tell|
    remind) (?!you\b)(?:\w+ ){1,4}?to (?!(?:look|check|see|approve|take|help)\b)\w+
""")
"""What the other side gets out of a step on the way."""

_TO_YOU = r"(?:to you|over|back to you|sent|across|in the (?:post|mail)|out to you|signed|scanned)"
CUSTOMERS_OWN = begins(rf"""
    (?:be )?(?:send|email|e-mail|text|forward|mail|fax|upload|return|bring|drop|courier|ship|scan|wire|deposit|resend|
    re-send|settle)(?:p?ing)?(?! (?:up|by here)\b)(?!.*\b(?:court|lawyer|ombudsman|press)\b) / post (?:it|that|them|
    those|the|you|my)(?!.* on (?:facebook|twitter|social)) / get back to you / (?:ask|
    tell|get|have|remind|instruct) (?!you\b|your\b)(?:[\w'-]+ ){{1,4}}?to (?:send|forward|bring|drop|call|ring|phone|
    email|
    e-mail|fax|text|give|pay|post|leave|let|contact|write|return|resend|transfer|keep|sign|pass|hand|upload) /
    get (?:it|that|this|them|those|everything|(?:the|
    my|a|an|some)(?: [\w-]+){{1,3}}) {_TO_YOU} / get (?:you|your) / (?:call|ring|phone) (?:you|back) / give (?:you|
    your \w+) (?:guys |all )?(?:a |another )(?:call|ring|shout|buzz|bell) / pay (?:it|that|this|the|my|you|off|up|what|
    half|at least|all|everything|[$€£\d]\S*|in full) / be (?:at )?home / be (?:paying|bringing) / transfer (?:it|that|
    the|this|you|[$€£\d]\S*|my) / have (?:it|that|this|them|those|the|my|your|an?|
    everything)(?: [\w'-]+){{0,4}}? (?:to you|to your \w+|sent|ready|scanned|signed|posted|for you|with you|over|back|
    paid|emailed|transferred|in|waiting|for (?:him|her|them)) / make (?:sure|certain) / ensure / see to it /
    leave .* for (?:you|him|her|them) /
    leave (?:(?:it|that)(?! at that| there| alone)|them|my \w+|the (?:[\w-]+ ){{1,3}}?(?:open|unlocked|outside|out|
    accessible|clear|free|ready|
    with|under|on|for|by)|(?:you )?a (?:key|note|copy|message)) / take (?:some|a|a few|the|
    more)?(?: [\w'-]+){{0,4}}? ?(?:and|to)(?: then)? (?:send|email|e-mail|text|upload|bring|post|forward) /
    take (?:some|a|a few|more) (?:photo|picture|pic)s? / fill (?:it|that|this|them|those|the|in|out) / let (?:him|her|
    them|(?:the|your) \w+) in / let (?:him|her|them|(?:the|your)(?: [\w-]+){{1,2}}) know /
    (?:shoot|drop|ping|fire|
    flick) (?:you|your \w+) (?:an?|the|that|it) /
    (?:shoot|ping|fire|flick|chuck|bung) (?:it|them|that|those) (?:over|across|off|
    to you|on) / (?:put|stick|pop|slip|slide|push|tape|hang|attach|place|shove) (?:it|that|them|one|(?:the|a|an|my|
    some|your|
    all the)(?: [\w-]+){{1,3}}?) (?:in (?:the|a|an|your)|out|outside|aside|on (?:the|your|its|top)|by the|through|
    under|next to|
    behind|with)(?! (?:phone|line|card|speaker))
""")
"""What a customer does for the other side. Everything else is the customer's own business."""

STEMS_WITHOUT_E = word_set(
    "giv leav writ com tak mak hav mov arrang settl chas complet updat provid clos replac fil rais handl hir refil"
)
"""What is left of a verb without "ing", where an "e" went with it."""

THEN_SENDS = anywhere(r"""
    (?:and|then|to) (?:then )?(?:send|e-?mail|forward|text|fax|upload|bring|drop|post|mail) (?:it|that|them|those|the|
    you|
    one|everything|over) / (?:and|then) (?:then )?get (?:it|that|them|those) (?:over|to you|back|across|sent|out) /
    (?:and|then) have (?:it|them|him|her|that) (?:send|fax|e-?mail|post|call|ring|sent|faxed|emailed|posted)[\w ]* /
    (?:and|then) (?:then )?(?:let you know|get back to you|(?:call|ring|phone|text|email) you)
""")
"""What a customer does behind a step on the way."""

THREATENED = anywhere("""
    (?:lawyer|solicitor|attorney)s? (?:on|onto|involved|after|in|to (?!send|email|forward)) / sue / legal action /
    small claims / ombudsman / trading standards / newspapers? / (?:the|my) (?:police|press|court|regulator)(?! \\w)
""")
"""What a customer holds out is no promise to the other side."""

HELD_OUT = anywhere("""
    (?:lawyer|solicitor|attorney|barrister|court|police|regulator|ombudsman|press|complaint|review|summons|writ|
    claim)s?
""")
"""What a customer threatens that the other side will get."""

CUSTOMERS_IN_TIME = begins(r"""
    pick / collect / come / (?:stop|swing|drop|pop) (?:by|in|over|round) / be (?:there|in|around|back|over|at the|
    ready|coming|calling|here|round|by|waiting) / let you / sign / reply / respond / provide / submit / complete /
    do (?:it|that|so|this) / get (?:it|that|this|them|those|everything|(?:the|my|an?|your|
    some|all|both)(?: [\w'-]+){1,3}?) (?:\w+ed|done|paid|sent|filled|cut|put|in|over|back|off|down|out|up|ready|to) /
    get (?:the|
    my|an?|someone|somebody)(?: [\w'-]+){0,3}? (?:in |over |round |out )?to \w+ / pay / transfer /
    call(?: (?:in|again|on|at|later)|$) /
    confirm / give you (?:the|my|an|your) (?:answer|decision|money|reading|form|papers?) / hand / deliver / update /
    write (?:to )?(?:you|it|that|him|her|them) / check (?:it|that|with|and) / show you / keep (?:it|the|you|them|
    that) / put / make (?:the|a|that|my|another) (?:payment|transfer) / clear / unlock / arrange / sort / finish /
    have (?:it|that|this|them|the|my|your|an|everything) / empty / move (?:the|my|it|that|them|those) / clean / tidy /
    trim / cut / unplug /
    take (?:it|that|them|those|(?:the|my)(?: \w+){1,2}) (?:back|to|in(?:to)?|down|over|out|round) /
    fetch / vacate / return
""")
"""A promise of a customer only where it is said until when."""

OTHERS_ACT = begins(r"""
    (?:be )?(?:(?:back )?in (?:touch|contact)|call|ring|phon[ei]|phone|contact|com[ei]|come|visit|reach|
    get(?! (?:\w+er|cold|hot|dark|late|busy|worse|used|going)\b)|giv[ei]|
    give|send|email|text|messag[ei]|message|deliver|drop|pick|collect|fix|repair|replace|replac|install|restore|restor|
    reconnect|follow|look (?:at|into|after)|let (?:you|him|her|them)|write|writ|bring|update|updat|refund|credit|do it|
    do that|sort|handle|handl|investigate|investigat|review|arrive|arriv|(?:meet|meeting) (?:you|with|at|up)|attend|
    swap|swapp|finish|ship|shipp|reply|respond|process|mail|post|pay|return|arrange|arrang|reimburse|inspect|measure|
    go over|go through|stop by|swing by|pop|notify|inform|escalate|examine|assess|survey|there|with you|out|over|along|
    round|around|at your|on (?:their|his|her|its) way|make sure|confirm|speak (?:to|with) you|talk to you|issue|
    have(?! (?:to|told|been|gone|\w+ed)\b)|tak(?:e|ing)(?! (?:\d|effect|up to|about|around|a (?:while|few|couple|bit)|
    some|at|between|longer|place)))(?:t?ing)?(?! (?:me|us)\b)
""")
"""What somebody of the company does for the customer."""

OTHERS_NEVER = begins("""
    be / charge / ask / need / want / try / know / see / think / decide / open / close / have to / take / cost / stay /
    only / like / help / say / tell
""")
"""What people are not promised to do, even where a time is named."""

IS_DONE = begins(r"""
    be (?:on (?:its|the|their) way|on your \w+|sent|shipped|delivered|posted|mailed|emailed|dispatched|refunded|
    credited|reimbursed|repaired|fixed|replaced|cancelled|canceled|transferred|paid|back|with you|in (?:your|
    the (?:post|mail))|at your|waived|removed|applied|taken (?:off|away|care|out|down|back)|corrected|adjusted|
    reflected|restored|returned|issued|processed|released|activated|reconnected|installed|collected|picked|resolved|
    sorted|escalated|passed|forwarded|lifted|investigated|reviewed|going (?:out|back)|coming|getting|arriving|
    deposited|reversed|put|looked|dropped|swapped|upgraded|brought) / arrive / reach you /
    come (?:to you|in the|with|by|out|back|through) / go (?:out|
    back (?:to|on|in)|on(?:to)? your|into) / show up / appear / get (?:sent|shipped|refunded|credited|fixed|delivered|
    to you|there|replaced|paid|back) / hit your / land
""")
"""What is done with a thing for the customer."""

IS_DONE_IN_TIME = begins(r"""
    be (?!charged|billed|debited|deducted|closed|disconnected|required|asked|suspended|blocked|expected|delayed|limited|
    interrupted|shocked|pleased|surprised|needed|used|tired|worried|disappointed|doubled|raised|increased|married|answered|recorded|
    monitored)\w{2,}ed /
    be (?:ready|with|there|available|done|out|added|updated|changed|finished|completed|complete|connected|working|up|
    over|live|active|booked|closed|gone|waiting|running|usable|on the) / ship / clear / post to / go live
""")
"""The same, where without a time it says no more than how things are."""

IS_GIVEN = begins(r"""
    (?:be )?(?:(?P<gets>get|getting|receive|receiving|have|having)|(?P<sees>see|seeing)|(?P<hears>hear|hearing)|
    (?P<done>contacted|called|notified|informed|refunded|credited|reimbursed|compensated|paid))(?! to\b)
""")
"""What the other side gets, sees, hears, or is done by."""

DELIVERED = anywhere(r"""
    e-?mails? / text / letter / refund / money / call(?:back)? / confirmation / card / package / parcel / replacement /
    invoice / bill / link / credit / answer / response / reply / update / che(?:que|ck) / payment / label / voucher /
    sms / notification / device / phone / router / statement / documents? / cop(?:y|ies) / results? / forms? /
    paperwork / decision / quote / visit / order / delivery / certificate / receipt / report / contract / points /
    tickets? / reimbursement / amount / deposit / parts? / keys? / new \w+ / \d+ (?:dollars|euros|pounds)
""")
"""What a customer is given or sent."""

SEEN_ON_A_SCREEN = anywhere("""
    screen / prompt / beep / menu / options? / light / page / buttons? / window / pop / access / problems? / lots? /
    issues? / tone / need / sense / idea / used / better / charged? / fees? / reminder / music / percent / off if
""")
"""What is met with while following advice, or what is sold; not given."""

FROM_US = anywhere(r"from (?:us|me|our|the|one|some\w+) / back / to (?:hear|receive|get)")
IT = anywhere("it / that / this / them / everything / those / one")
YOU = anywhere("yours?|you")
ON_YOUR_SIDE = anywhere("(?:in|on|to) your / back")

IS_GIVEN_BACK = begins(r"""
    (?:gets?|getting) (?:refunded|credited|paid (?:back|out|in|on|to)|reimbursed|replaced|fixed|repaired|delivered|
    sent|shipped|posted|mailed|returned|collected|picked up|read|looked at|sorted|restored|reconnected|swapped|
    installed|removed|lifted|cleared|released|transferred|dispatched|processed|taken (?:off|away|down)|put (?:back|on))
""")
"""What is done for the customer, told as if it were done already: "it gets refunded by Friday"."""

WE_ARE_SENDING = begins("(?:send|lend|giv(?=ing you )|credit|refund|ship|replac|issu|reimburs|waiv|return)ing")
"""Said of the company, it is decided and still to come."""

PEOPLE_WHO_COME = anywhere(r"""
    technicians? / engineers? / couriers? / drivers? / plumbers? / electricians? / call ?back / call / pick ?up /
    collection / delivery / visit / replacement / inspectors? / adjusters? / colleagues? / managers? / supervisors? /
    somebody / someone / teams? / department / nurse / doctor / specialists? / van / crew / taxi / cab / mechanic /
    surveyor / assessor / council / depot / workshop / garage / warehouse / supplier / landlord / lads / boys /
    guys? / man / lady / woman / they / he / she / advis[eo]rs?
""")

TO_ACT_FOR_YOU = anywhere("""
    to (?:come|pick|visit|be (?:with|there|at)|call|ring|phone|contact|email|text|send|get back to|give|reach out to|
    write to|refund|deliver|get in touch)
""")

JUST = re.compile(
    r"(?:(?:'ll|will|going to|gonna) just|just (?:going to|gonna)) (?!(?:send|email|text|post|mail|pop|drop|call|ring|"
    r"give you a)\b)"
)
"""Said of small things that are done at once."""

TAKEN_FROM_YOU = anywhere("debit / fee / charge / instal+ment / price / tax")
"""What goes out and is not given."""

LEANS = re.compile(
    r"(?:it|that|this|they|those|these|yours)\b|"
    r"you\S* (?:\w+ ){1,4}?(?:it|that|this|them|those|one)\b"
)
"""Said of something that other words have named."""
