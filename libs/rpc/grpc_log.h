// Inside libs/rpc only: what gRPC itself reports, such as a handshake that failed.
#pragma once

namespace tessera::rpc {

// Makes gRPC's reports lines of our log instead of text of its own on standard error. Called by each server and client;
// thread-safe.
void ReportInLog();

}  // namespace tessera::rpc
