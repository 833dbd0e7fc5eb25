"""Certificates of a local stack for TLS in both directions: one CA, and a server and a client certificate from it."""

import json
import subprocess
import tempfile
from pathlib import Path

from .paths import Layout, write_private
from .secrets import openssl

_CA_DAYS, _LEAF_DAYS = 3650, 365
_RENEWED_BEFORE_SECONDS = 30 * 24 * 3600
_EXTENSIONS = {"server": ["extendedKeyUsage=serverAuth", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
               "client": ["extendedKeyUsage=clientAuth", "subjectAltName=DNS:client.tessera.local"]}


def folder(layout: Layout) -> Path:
    return layout.secrets / "tls"


def make(layout: Layout, renew: bool = False, server_names: tuple[str, ...] = ()) -> Path:
    """Makes what is missing or ends within a month, or, if asked, both leaves anew; the folder with all of it.

    The server's certificate is good for this machine, and for `server_names`.

    The CA stays. Running services take new files within seconds.
    """
    layout.create()
    tls = folder(layout)
    tls.mkdir(mode=0o700, exist_ok=True)
    if not _is_good(tls / "ca.pem"):
        _make_ca(tls)
        renew = True
    for name in _EXTENSIONS:
        if renew or not _is_good(tls / f"{name}.pem"):
            _make_leaf(tls, name, server_names if name == "server" else ())
    return tls


def _is_good(certificate: Path) -> bool:
    if not certificate.exists() or not certificate.with_suffix(".key").exists():
        return False
    argv = ["openssl", "x509", "-in", str(certificate), "-noout", "-checkend", str(_RENEWED_BEFORE_SECONDS)]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def _new_key() -> str:
    return openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256").decode("ascii")


def _self_named(tls: Path, name: str, days: int, *options: str) -> None:
    """A new key with its certificate, put in place only when both are there."""
    with tempfile.TemporaryDirectory(dir=tls) as scratch:
        key = Path(scratch) / "key"
        write_private(key, _new_key())
        certificate = openssl("req", "-x509", "-new", "-key", str(key), "-sha256", "-days", str(days),
                              "-subj", f"/O=Tessera development/CN={name}", *options).decode("ascii")
        write_private(tls / f"{name}.key", key.read_text())
        write_private(tls / f"{name}.pem", certificate)


def _make_ca(tls: Path) -> None:
    _self_named(tls, "ca", _CA_DAYS, "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def _make_leaf(tls: Path, name: str, also: tuple[str, ...]) -> None:
    usage, names = _EXTENSIONS[name]
    extensions = ["basicConstraints=critical,CA:FALSE", usage, ",".join([names, *(f"DNS:{one}" for one in also)])]
    _self_named(tls, name, _LEAF_DAYS, "-CA", str(tls / "ca.pem"), "-CAkey", str(tls / "ca.key"),
                *(word for extension in extensions for word in ("-addext", extension)))


def switch(layout: Layout, on: bool) -> None:
    """Whether the services of this stack ask for certificates from their next start on; clients find it in tls.json."""
    told = _told_file(layout)
    if not on:
        told.unlink(missing_ok=True)
        return
    tls = make(layout)
    told.write_text(json.dumps({"ca": str(tls / "ca.pem"), "certificate": str(tls / "client.pem"),
                                "private_key": str(tls / "client.key")}, indent=2) + "\n")


def _told_file(layout: Layout) -> Path:
    return layout.var / "tls.json"


def environment(layout: Layout) -> dict[str, str]:
    """What a service of the stack is told; nothing if it does not ask for certificates."""
    if not _told_file(layout).exists():
        return {}
    tls = folder(layout)
    return {"TESSERA_TLS_CERT": str(tls / "server.pem"), "TESSERA_TLS_KEY": str(tls / "server.key"),
            "TESSERA_TLS_CLIENT_CA": str(tls / "ca.pem")}
