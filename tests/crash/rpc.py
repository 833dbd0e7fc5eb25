"""Calls by method name with plain dictionaries, over gRPC without generated stubs."""

import time
from dataclasses import dataclass

import tools_path  # noqa: F401
import grpc
from google.protobuf import json_format, symbol_database
from google.rpc import error_details_pb2, status_pb2
from tessera.membership.v1 import points_service_pb2
from tessera.oneid.v1 import intake_service_pb2

_SERVICES = {service.full_name: service for module in (points_service_pb2, intake_service_pb2)
             for service in module.DESCRIPTOR.services_by_name.values()}
_DETAILS = "grpc-status-details-bin"
_CODE_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


@dataclass(frozen=True)
class Answer:
    """What an attempt was told: the reply's bytes, or code and reason."""

    code: str
    reason: str
    reply: bytes
    start_seconds: float
    end_seconds: float


def _message(method: str, is_input: bool):
    service, _, name = method.partition("/")
    described = _SERVICES[service].methods_by_name[name]
    return symbol_database.Default().GetPrototype(described.input_type if is_input else described.output_type)


def decoded(method: str, reply: bytes) -> dict:
    """The reply as a dictionary with the proto's field names; numbers as the JSON mapping has them."""
    message = _message(method, is_input=False).FromString(reply)
    return json_format.MessageToDict(message, preserving_proto_field_name=True, including_default_value_fields=True)


def results(reply: bytes) -> list[tuple[str, str, bytes]]:
    """Code, reason and reply of each item of a BatchEarnPoints that was answered."""
    found = []
    for one in points_service_pb2.BatchEarnPointsResponse.FromString(reply).results:
        if one.HasField("response"):
            found.append(("OK", "", one.response.SerializeToString()))
        else:
            found.append((_CODE_NAMES[one.error.code], _reason_in(one.error), b""))
    return found


def kept_reason(refusal: bytes) -> str:
    """Why a call was refused, as it is kept under its request id."""
    return _reason_in(status_pb2.Status.FromString(refusal))


def _reason(error: grpc.RpcError) -> str:
    for name, value in error.trailing_metadata() or ():
        if name == _DETAILS:
            return _reason_in(status_pb2.Status.FromString(value))
    return ""


def _reason_in(status: status_pb2.Status) -> str:
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return ""


class Endpoint:
    """One instance. Its channel is made again when it is of no use, so that a restarted process is found at once."""

    def __init__(self, address: str, token: str):
        self._address = address
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._channel: grpc.Channel | None = None

    def call(self, method: str, request: dict, timeout_seconds: float) -> Answer:
        """One attempt."""
        if self._channel is None:
            options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
            self._channel = grpc.insecure_channel(self._address, options)
        message = json_format.ParseDict(request, _message(method, is_input=True)())
        stub = self._channel.unary_unary(f"/{method}")
        start = time.time()
        try:
            reply = stub(message.SerializeToString(), timeout=timeout_seconds, metadata=self._metadata)
            return Answer("OK", "", reply, start, time.time())
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                self.close()
            return Answer(error.code().name, _reason(error), b"", start, time.time())

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
