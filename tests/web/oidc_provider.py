"""A small real OpenID Connect provider in a thread of its own: discovery, authorization, token and keys over HTTP.

It checks what a provider must check (client, redirect, PKCE, single use of a code) and can be told to sign what it must
not. It asks nobody for a password: whoever comes is the one that the test set.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, Header, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "on-record", "a secret of the client / with signs: %"


@dataclass
class Provider:
    """What the provider says, which a test may change before somebody signs in; and where it is."""

    issuer: str = ""
    claims: dict[str, object] = field(default_factory=dict)  # over those that are right; None leaves one out
    algorithm: str = "RS256"
    keys: list[RSAKey | ECKey] = field(default_factory=lambda: [new_key("RS256")])
    signs_with: RSAKey | ECKey | None = None  # another key than one of its own
    given: dict[str, dict[str, str]] = field(default_factory=dict)  # what each code was given for
    asked_for_keys: int = 0

    def id_token(self, nonce: str) -> str:
        """A token about whoever comes."""
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, "sub": "7"}
        told = {name: value for name, value in (right | self.claims).items() if value is not None}
        key = self.signs_with or self.keys[-1]
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, told, key, algorithms=[self.algorithm])


def new_key(algorithm: str) -> RSAKey | ECKey:
    parameters = {"kid": secrets.token_hex(4), "use": "sig", "alg": algorithm}
    return RSAKey.generate_key(2048, parameters) if algorithm == "RS256" else ECKey.generate_key("P-256", parameters)


def app_of(provider: Provider) -> FastAPI:
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, object]:
        return {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "jwks_uri": f"{provider.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }

    @app.get("/keys")
    def keys() -> dict[str, object]:
        provider.asked_for_keys += 1
        return dict(KeySet(provider.keys).as_dict(private=False))

    @app.get("/authorize")
    def authorize(
        response_type: str,
        client_id: str,
        redirect_uri: str,
        scope: str,
        state: str,
        nonce: str,
        code_challenge: str,
        code_challenge_method: str,
    ) -> Response:
        assert (response_type, client_id, code_challenge_method) == ("code", CLIENT_ID, "S256")
        assert {"openid", "email"} <= set(scope.split())
        code = secrets.token_urlsafe(16)
        provider.given[code] = {"redirect_uri": redirect_uri, "nonce": nonce, "challenge": code_challenge}
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}", status_code=302)

    @app.post("/token")
    def token(
        grant_type: Annotated[str, Form()],
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        authorization: Annotated[str, Header()],
    ) -> Response:
        known = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        given = provider.given.pop(code, None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
        is_client = known.partition(":")[0] == CLIENT_ID
        if given is None or not is_client or (given["redirect_uri"], given["challenge"]) != (redirect_uri, challenge):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        assert grant_type == "authorization_code"
        told = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300}
        return JSONResponse(told | {"id_token": provider.id_token(given["nonce"])})

    return app


class Running:
    """The provider while it runs: ``with Running() as provider``."""

    def __enter__(self) -> Provider:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        provider = Provider(issuer=f"http://127.0.0.1:{self._socket.getsockname()[1]}")
        self._server = uvicorn.Server(uvicorn.Config(app_of(provider), log_level="critical", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < until, "the provider did not start"
            time.sleep(0.01)
        return provider

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()
