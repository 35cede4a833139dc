"""The company's own sign-in for its staff: OpenID Connect with a code, PKCE, state and nonce, through Authlib.

Source: OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9700.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from worker.core.errors import NotAllowed, Unavailable

ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]
"""Those of public keys alone: with a secret of both sides, whoever checks could also have made it."""

LEEWAY_S = 60  # how far the clocks of two companies may be apart
TIMEOUT_S = 10.0
SCOPE = "openid email profile"


@dataclass(frozen=True)
class Begun:
    """What is remembered of a sign-in while the person is away at the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Arrival:
    """Who came back. ``address`` is None where the provider does not vouch for it; ``groups`` are names of theirs."""

    subject: str
    address: str | None
    name: str | None
    groups: frozenset[str]


class SingleSignOn:
    """One provider, found by its address (``issuer``) as OpenID Connect Discovery says; asked when first needed."""

    def __init__(self, issuer: str, *, client_id: str, client_secret: str | None, redirect_uri: str) -> None:
        self._issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._redirect_uri = redirect_uri
        self._lock = Lock()
        self._provider: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None

    def begin(self) -> tuple[str, Begun]:
        """Where to send the person, and what to remember. Raises Unavailable if the provider cannot be reached."""
        begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        with self._client() as client:
            address, _state = client.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        return address, begun

    def finish(self, came_back_to: str, begun: Begun) -> Arrival:
        """Who it is that came back to this address. Raises NotAllowed for all that is not as it must be."""
        try:
            with self._client() as client:
                token = client.fetch_token(
                    self._metadata()["token_endpoint"],
                    authorization_response=came_back_to,
                    state=begun.state,
                    code_verifier=begun.verifier,
                )
            return self._read(token, begun.nonce)
        except httpx2.HTTPError as error:
            raise Unavailable("The company's sign-in does not answer. See ONRECORD_OIDC_ISSUER.") from error
        except (AuthlibBaseError, JoseError, KeyError, TypeError, ValueError) as error:
            raise refusal() from error

    def _read(self, token: Mapping[str, Any], nonce: str) -> Arrival:
        decoded = self._decoded(token["id_token"])
        options = {
            "iss": {"essential": True, "value": self._metadata()["issuer"]},
            "aud": {"essential": True, "value": self._client_id},
        }
        known = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, options, known)
        claims.validate(leeway=LEEWAY_S)
        groups = [*_listed(claims.get("groups")), *_listed(claims.get("roles"))]
        address = claims["email"] if claims.get("email") and claims.get("email_verified") is True else None
        name = claims.get("name")
        return Arrival(
            subject=f"{claims['iss']} {claims['sub']}",
            address=address if isinstance(address, str) else None,
            name=name if isinstance(name, str) else None,
            groups=frozenset(groups),
        )

    def _decoded(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS)
        except (InvalidKeyIdError, ValueError):  # signed with a key that is newer than what we know of it
            return jwt.decode(id_token, self._key_set(again=True), algorithms=ALGORITHMS)

    def _metadata(self) -> Mapping[str, Any]:
        with self._lock:
            if self._provider is None:
                told = self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if told.get("issuer") != self._issuer:  # OpenID Connect Discovery 1.0, section 4.3
                    raise Unavailable("The company's sign-in calls itself otherwise than ONRECORD_OIDC_ISSUER.")
                self._provider = told
            return self._provider

    def _key_set(self, *, again: bool = False) -> KeySet:
        address = self._metadata()["jwks_uri"]
        with self._lock:
            if self._keys is None or again:
                self._keys = KeySet.import_key_set(self._get(address))  # type: ignore[arg-type] # as it came
            return self._keys

    def _get(self, address: str) -> dict[str, Any]:
        try:
            answer = httpx2.get(address, timeout=TIMEOUT_S)
            answer.raise_for_status()
            told = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Unavailable("The company's sign-in cannot be reached. See ONRECORD_OIDC_ISSUER.") from error
        if not isinstance(told, dict):
            raise Unavailable("The company's sign-in answers what is none. See ONRECORD_OIDC_ISSUER.")
        return told

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._client_id,
            client_secret=self._client_secret,
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )


def refusal() -> NotAllowed:
    """The same for everything that can be wrong: the provider's own words may carry what is not for a page."""
    return NotAllowed("The company's sign-in did not say who you are. Try it again from the beginning.")


def _listed(value: object) -> list[str]:
    """Groups as providers write them: a list of names, or one name."""
    names = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str)]
