"""Keys, passwords and tokens of a local stack, made on first use and readable by their owner only."""

import base64
import hashlib
import json
import os
import secrets as random_secrets
import subprocess
import tempfile
import time
from pathlib import Path

from .errors import DevError
from .paths import Layout, write_private

ISSUER, AUDIENCE = "tessera-dev", "tessera"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def openssl(*arguments: str) -> bytes:
    """What the command prints; a DevError with its error text if it fails."""
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        raise DevError(f"openssl {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def password(layout: Layout, role: str) -> str:
    """The Postgres password of a role; made and stored when first asked for."""
    path = layout.secrets / "postgres.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    if role not in known:
        known[role] = random_secrets.token_urlsafe(24)
        write_private(path, json.dumps(known, indent=2) + "\n")
    return known[role]


def key_file(layout: Layout) -> Path:
    """The file with the keys that seal personal data."""
    path = layout.secrets / "keys.json"
    if not path.exists():
        names = ("lookup_key", "id_key", "wrapping_key")
        keys = {name: base64.b64encode(random_secrets.token_bytes(32)).decode("ascii") for name in names}
        write_private(path, json.dumps(keys, indent=2) + "\n")
    return path


def signing_key(layout: Layout) -> Path:
    """The private Ed25519 key that signs tokens, as PEM."""
    path = layout.secrets / "signing.pem"
    if not path.exists():
        write_private(path, openssl("genpkey", "-algorithm", "ed25519").decode("ascii"))
    return path


def _public_key(private_key: Path) -> dict[str, str]:
    der = openssl("pkey", "-in", str(private_key), "-pubout", "-outform", "DER")
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(der[-32:])}
    thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return {**members, "kid": _base64url(thumbprint), "alg": "EdDSA", "use": "sig"}


def jwks_file(layout: Layout) -> Path:
    """The file with the public half of the signing key, which services read."""
    path = layout.secrets / "jwks.json"
    if not path.exists():
        write_private(path, json.dumps({"keys": [_public_key(signing_key(layout))]}, indent=2) + "\n")
    return path


def make_all(layout: Layout) -> None:
    """Makes every key that is missing, so that a later step cannot fail half-way."""
    key_file(layout)
    jwks_file(layout)


def token(layout: Layout, brands: list[str], roles: list[str], subject: str = "dev", ttl_seconds: int = 3600) -> str:
    """A signed bearer token for these brands (["*"] = all) and roles."""
    key = signing_key(layout)
    kid = json.loads(jwks_file(layout).read_text())["keys"][0]["kid"]
    now = int(time.time())
    header = {"alg": "EdDSA", "typ": "JWT", "kid": kid}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + ttl_seconds,
              "brands": brands, "roles": roles}
    signed = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    handle, name = tempfile.mkstemp()  # pkeyutl -rawin wants a file, not a pipe; the text is no secret yet.
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(signed)
        signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", name)
    finally:
        os.unlink(name)
    return f"{signed}.{_base64url(signature)}"
