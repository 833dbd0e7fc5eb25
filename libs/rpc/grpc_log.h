// Inside libs/rpc only: what gRPC and protobuf themselves report, such as a handshake that failed or text that is no
// UTF-8.
#pragma once

namespace tessera::rpc {

// Makes their reports lines of our log instead of text of its own on standard error. Called by each server and client;
// thread-safe.
void ReportInLog();

}  // namespace tessera::rpc
