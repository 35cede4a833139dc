"""A hand-over from the company's own site: a short-lived signed token (JWT) that says who its customer is.

Which algorithm is right follows from the key of the settings and never from the token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey

from worker.core.errors import Invalid, NotAllowed

LONGEST = timedelta(minutes=5)
SHORTEST_SECRET = 32
OTHER_KEYS = ("ssh-", "ecdsa-", "{")
"""How keys begin that are written otherwise. Taken for secrets, public ones would let everybody sign."""


@dataclass(frozen=True)
class HandedOver:
    """Whom the company's site hands over: an address, or the external id of a call. ``name`` is of this token alone."""

    subject: str
    name: str
    ends_at: datetime


@dataclass(frozen=True)
class HandOver:
    """Reads hand-overs. ``key`` is a secret of 32 letters or more (HS256), or a public key of Ed25519 in PEM.

    What is signed with the latter calls itself Ed25519, or EdDSA as most do that are older than RFC 9864.
    ``audience`` is the address of these pages. Raises Invalid for another key.
    """

    key: str = field(repr=False)
    audience: str

    def __post_init__(self) -> None:
        _ = self._key

    @cached_property
    def _key(self) -> tuple[list[str], OctKey | OKPKey]:
        written = self.key.lstrip()
        if not written.startswith("-----BEGIN"):
            if len(self.key) < SHORTEST_SECRET or written.startswith(OTHER_KEYS):
                raise Invalid(f"ONRECORD_HANDOVER_KEY is a secret of {SHORTEST_SECRET} letters or more, or a PEM.")
            return ["HS256"], OctKey.import_key(self.key)
        try:
            key = OKPKey.import_key(self.key.replace("\\n", "\n"))
        except (JoseError, ValueError, TypeError) as error:
            raise Invalid("ONRECORD_HANDOVER_KEY is no public key of Ed25519 in PEM.") from error
        return ["Ed25519", "EdDSA"], key

    def read(self, token: str, *, now: datetime) -> HandedOver:
        """What this token says. That it is used once is for the caller to see to. Raises NotAllowed."""
        algorithms, key = self._key
        try:
            claims = jwt.decode(token, key, algorithms=algorithms).claims
            subject, name, ends_s = claims["sub"], claims["jti"], claims["exp"]
            is_ours = self.audience in (claims["aud"], *(claims["aud"] if isinstance(claims["aud"], list) else ()))
            is_valid_yet = claims.get("nbf", 0) <= now.timestamp()
            ends_at = datetime.fromtimestamp(ends_s, UTC)
        except (JoseError, KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            raise refusal() from error
        is_known = isinstance(subject, str) and isinstance(name, str) and bool(subject) and bool(name)
        if not (is_known and is_ours and is_valid_yet and now < ends_at <= now + LONGEST):
            raise refusal()
        return HandedOver(subject, name, ends_at)


def refusal() -> NotAllowed:
    """The same for everything that can be wrong with one."""
    return NotAllowed("This way in is used up or too old. Go back to the site you came from, and try it again.")
