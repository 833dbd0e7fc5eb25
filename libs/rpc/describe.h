// The proto text of descriptors, with that of all they use. Pure, thread-safe.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace tessera::rpc {

// The text of a service, method, message or enum of the pool, then of every message and enum that it uses at any depth,
// each once, in the order of their first use. Of google.protobuf it holds only what is asked for itself: JSON writes
// those types in forms of their own, such as "2026-03-01T00:00:00Z". "" if the pool has no such symbol.
std::string ProtoText(const google::protobuf::DescriptorPool& pool, const std::string& symbol);

}  // namespace tessera::rpc
