"""How agents, customers and machines talk in Spanish: what hardly anybody else says. Tried on a few dialogues."""

from __future__ import annotations

import re
from collections.abc import Mapping

from worker.core.role_cues.cues import Cues, read_table

_AGENT: Mapping[float, str] = {
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

_CUSTOMER: Mapping[float, str] = {
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

_MACHINE: Mapping[float, str] = {
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

_PERSON: Mapping[float, str] = {
    2.0: r"""
        mi nombre es|me llamo|le (habla|atiende)|(puedo|podemos) (ayudar|servir)\w*
    """,
}

SPANISH = Cues(
    roles=read_table(_AGENT) + read_table(_CUSTOMER, sign=-1),
    machine=read_table(_MACHINE),
    person=read_table(_PERSON),
    introduces=re.compile(r"\b(?:nombre es|me llamo|soy|le (?:habla|atiende)) (?=(\w+)(?: (\w+))?)"),
    calls=re.compile(
        r"\b(?:hola|gracias|adiós|señora?|don|doña|hablo con|buen(?:os|as) (?:días|tardes|noches))"
        r" (?=(\w+)(?: (\w+))?)"
    ),
    self=frozenset({"yo", "me", "mi", "mis", "mí", "conmigo"}),
    others=frozenset({"usted", "ustedes", "le", "les", "su", "sus", "nosotros", "nuestro", "nuestra", "nos"}),
)
