"""Makes tokens for `mailbox-svc token` and `serve --dev`. Real users' tokens come from their issuer."""

from __future__ import annotations

import time

from joserfc import jwt

from mailbox_svc.identity.verify import hmac_key
from mailbox_svc.model.secret import Secret


def mint_token(
    secret: Secret,
    *,
    subject: str,
    audience: str | None,
    issuer: str | None = None,
    lifetime: float,
    role: str | None = None,
) -> str:
    """Return an HS256 token that is valid from now for `lifetime` seconds.

    Role `service_role` makes a service token. Raises ConfigError when the secret is not usable.
    """
    now = int(time.time())
    claims = {"sub": subject, "aud": audience, "iss": issuer, "role": role}
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(
        {"alg": "HS256"}, {**present, "iat": now, "exp": now + int(lifetime)}, hmac_key(secret), ["HS256"]
    )
