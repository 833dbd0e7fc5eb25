"""Writes the seed corpus of the fuzz targets (tests/fuzz/corpus) anew, from the golden events and small examples."""

import base64
import json
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_GOLDEN = _ROOT / "tests" / "golden"


def _write(target: str, name: str, content: bytes) -> None:
    folder = _HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def _record(headers: dict[str, str], value: bytes) -> bytes:
    """As record.h reads it."""
    return "".join(f"{name}: {text}\n" for name, text in headers.items()).encode() + b"\n" + value


def _golden(name: str) -> bytes:
    return bytes.fromhex((_GOLDEN / f"{name}.hex").read_text())


def _channel_events() -> None:
    for name in ("order_paid", "order_refunded"):
        headers = {"ce_specversion": "1.0", "ce_id": "e1", "ce_source": "jd", "ce_time": "2026-01-01T00:00:00.5Z",
                   "ce_type": f"com.tessera.channel.{name}.v1", "ce_brandid": "shop",
                   "content-type": "application/protobuf"}
        _write("channel_event", f"{name}_protobuf", _record(headers, _golden(f"channel_{name}")))
        data = json.loads((_GOLDEN / f"channel_{name}.json").read_text())
        headers["content-type"] = "application/json; charset=utf-8"
        _write("channel_event", f"{name}_json", _record(headers, json.dumps(data).encode()))
        event = {"specversion": "1.0", "id": "e1", "source": "jd", "type": headers["ce_type"], "brandid": "shop",
                 "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "data": data}
        _write("channel_event", f"{name}_structured",
               _record({"content-type": "application/cloudevents+json"}, json.dumps(event).encode()))


def _customer_events() -> None:
    for name in ("customer_event", "customers_merged", "brand_changed", "rekeyed"):
        fact = {"customer_event": "order_paid"}.get(name, name)
        headers = {"ce_specversion": "1.0", "ce_id": "01890000-0000-7000-8000-000000000001", "ce_source": "shop/oneid",
                   "ce_type": f"com.tessera.oneid.{fact}.v1", "ce_time": "2026-01-01T00:00:00Z", "ce_brandid": "shop",
                   "ce_sequence": "1", "ce_partitionkey": "shop", "ce_correlationid": "c", "ce_causationid": "e1",
                   "content-type": "application/protobuf"}
        _write("customer_event", name, _record(headers, _golden(name)))


def _programs() -> None:
    for path in sorted((_ROOT / "services" / "membership" / "programs").glob("*.json")):
        document = json.loads(path.read_text())
        _write("program_document", path.stem, json.dumps(document, ensure_ascii=False).encode())


def _texts() -> None:
    identifiers = ["+86 139-1234-5678", "013912345678", "+44 20 7946 0000", "\uff0b86\uff11\uff13\uff19",
                   "A.b+c@GMail.com", "A!b.+c@live.com", "l.\u0301@gmail.com", "user@b\u00fccher.example",
                   "\u0627@x.org", "6222 0000-1111.2222", "wx_openid:oAbC", " x\u00a0", "a@b@c"]
    for number, text in enumerate(identifiers):
        _write("identifiers", str(number), text.encode())
    for number, text in enumerate(["", "AA", "CgRzaG9w", "not base64!", "A" * 200]):
        _write("page_token", str(number), text.encode())


def _tokens() -> None:
    claims = {"iss": "tessera-dev", "aud": "tessera", "sub": "s", "iat": 1, "exp": 9999999999, "brands": ["*"],
              "roles": ["operator"]}
    for alg in ("EdDSA", "ES256", "HS256", "none"):
        parts = [json.dumps({"alg": alg, "kid": "key"}).encode(), json.dumps(claims).encode(), b"x" * 64]
        token = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        _write("token", alg, token)


if __name__ == "__main__":
    for write in (_channel_events, _customer_events, _programs, _texts, _tokens):
        write()
