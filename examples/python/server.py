"""An API that takes Lingpai's access tokens, with PyJWT and Python's own library.

    GET /me       any good token: what it says
    GET /orders   asks for the scope orders:read
    GET /reports  asks for the role staff

PyJWT 2.6 or newer, with cryptography.
"""

import json
import logging
import math
import os
import re
import threading
import time
import urllib.request
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple

import jwt

ISSUER = os.environ["ISSUER"]
# This API's own name: the `audience` of the clients that call it.
AUDIENCE = os.environ["AUDIENCE"]
# What we accept is decided here, never by the token.
ALGORITHMS = os.environ.get("ALGORITHMS", "RS256").split(",")
JWKS_URI = os.environ.get("JWKS_URI", f"{ISSUER}/.well-known/jwks.json")
KEYS_COOLDOWN_SECONDS = float(os.environ.get("KEYS_COOLDOWN_SECONDS", "30"))

CLOCK_TOLERANCE_SECONDS = 5
# The max-age of Lingpai's key set: a new key is published for so long before it signs.
KEYS_AGE_SECONDS = 300
# While the issuer cannot be asked, the keys that we have are good for a little longer.
KEYS_LIMIT_SECONDS = 900
# After a failure the issuer is not asked for so long.
PAUSE_SECONDS = min(5, KEYS_COOLDOWN_SECONDS)

log = logging.getLogger("api")


class KeysUnavailable(Exception):
    """The key set could not be fetched: this says nothing about the token."""


class Key(NamedTuple):
    algorithm: str
    public: Any


class KeySet:
    """The issuer's keys by their kid.

    In place of jwt.PyJWKClient, which asks the issuer anew for every kid that it does not know, waits for the answer
    without a limit, and forgets its keys when there is none.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        self._keys: Dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._paused_until = float("-inf")

    def find(self, kid: Optional[str]) -> Optional[Key]:
        """None for a kid that the issuer does not publish. Raises KeysUnavailable."""
        if self._is_due(kid):
            # Who comes while another one asks waits for that answer.
            with self._lock:
                if self._is_due(kid):
                    self._ask(kid)
        return self._keys.get(kid)

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    def _is_due(self, kid: Optional[str]) -> bool:
        # Made-up kids make us ask the issuer once in so long, not for every request.
        limit = KEYS_AGE_SECONDS if kid in self._keys else KEYS_COOLDOWN_SECONDS
        return self._age() >= limit

    def _ask(self, kid: Optional[str]) -> None:
        if time.monotonic() >= self._paused_until:
            try:
                self._keys = self._fetch()
                self._fetched_at = time.monotonic()
                return
            except Exception as error:  # of the network, of HTTP, or a page that is no key set
                log.error("the key set could not be fetched: %r", error)
                self._paused_until = time.monotonic() + PAUSE_SECONDS
        if kid not in self._keys or self._age() >= KEYS_LIMIT_SECONDS:
            raise KeysUnavailable

    def _fetch(self) -> Dict[str, Key]:
        with urllib.request.urlopen(self._uri, timeout=5) as answer:
            keys = json.load(answer)["keys"]
        # A key says its algorithm; what a token says of it counts for nothing.
        return {
            key["kid"]: Key(key["alg"], jwt.PyJWK(key).key)
            for key in keys
            if key.get("alg") in ALGORITHMS
        }


@dataclass(frozen=True)
class Caller:
    sub: str
    """The account, or the client itself where a machine calls."""
    client: str
    """The application that the token was given to."""
    scopes: Tuple[str, ...]
    roles: Tuple[str, ...]
    """Those of the account."""
    connection: Optional[str]
    """How the person signed in."""
    tenant: Optional[str]
    """The corp that they came from."""


key_set = KeySet(JWKS_URI)


def verify(token: str) -> Caller:
    """Raises jwt.InvalidTokenError for a token that is not good, and KeysUnavailable."""
    header = jwt.get_unverified_header(token)
    # Apart from ID tokens, which the same keys sign.
    if str(header.get("typ")).lower() not in ("at+jwt", "application/at+jwt"):
        raise jwt.InvalidTokenError("not an access token")
    key = key_set.find(header.get("kid"))
    if key is None:
        raise jwt.InvalidTokenError("no such key")
    claims = jwt.decode(
        token,
        key.public,
        algorithms=[key.algorithm],
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=CLOCK_TOLERANCE_SECONDS,
        options={"require": ["iss", "aud", "exp", "iat", "sub", "client_id"]},
    )
    return Caller(
        sub=claims["sub"],
        client=claims["client_id"],
        scopes=tuple(claims.get("scope", "").split()),
        roles=tuple(claims.get("roles", ())),
        connection=claims.get("connection"),
        tenant=claims.get("tenant"),
    )


@dataclass(frozen=True)
class Route:
    answer: Callable[[Caller], Any]
    scope: Optional[str] = None
    role: Optional[str] = None


ROUTES = {
    "/me": Route(lambda caller: {k: v for k, v in asdict(caller).items() if v is not None}),
    "/orders": Route(lambda caller: {"orders": []}, scope="orders:read"),
    "/reports": Route(lambda caller: {"reports": []}, role="staff"),
}


class Handler(BaseHTTPRequestHandler):
    timeout = 30

    def do_GET(self) -> None:
        route = ROUTES.get(self.path.split("?")[0])
        if route is None:
            self.reply(404, {"error": "not_found"})
            return
        given = self.headers.get_all("Authorization", [])
        if not given:
            self.refuse(401)
            return
        bearer = re.fullmatch(r"(?i:Bearer) +([\w.~+/-]+=*)", ",".join(given), re.ASCII)
        try:
            if bearer is None:
                raise jwt.InvalidTokenError("not one bearer token")
            caller = verify(bearer[1])
        except KeysUnavailable:
            retry = {"Retry-After": str(math.ceil(PAUSE_SECONDS))}
            self.reply(503, {"error": "temporarily_unavailable"}, retry)
        except jwt.InvalidTokenError as error:
            # The reason, never the token.
            log.warning("a token was refused: %r", error)
            self.refuse(401, "invalid_token")
        else:
            if route.scope is not None and route.scope not in caller.scopes:
                self.refuse(403, "insufficient_scope", f', scope="{route.scope}"')
            elif route.role is not None and route.role not in caller.roles:
                self.refuse(403, "insufficient_scope")
            else:
                self.reply(200, route.answer(caller))

    def refuse(self, status: int, error: Optional[str] = None, more: str = "") -> None:
        """RFC 6750, section 3: without any token, no error is named."""
        challenge = f'Bearer error="{error}"{more}' if error else "Bearer"
        self.reply(status, {"error": error or "unauthorized"}, {"WWW-Authenticate": challenge})

    def reply(
        self, status: int, body: Any, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the line of a request may hold what does not belong in a log."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128


if __name__ == "__main__":
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "4000")))
    Server(address, Handler).serve_forever()
