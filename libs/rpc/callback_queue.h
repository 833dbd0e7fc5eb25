// Inside libs/rpc only: a guard against a defect of gRPC 1.51.
#pragma once

namespace tessera::rpc {

// gRPC runs all callbacks of a process on the threads of one shared queue, which goes with its last user; now and then
// it aborts the process then ("assertion failed: prior > 0"). This makes a user that never goes. Called by each server
// and client before anything else; cheap after the first time. Thread-safe.
void KeepCallbackQueue();

}  // namespace tessera::rpc
