// Bounds of what a stranger may send. Checked before anything else is done with an event.
#pragma once

#include <cstddef>

namespace tessera::events {

inline constexpr size_t kEventBytesMax = size_t{256} * 1024;   // the value of a record
inline constexpr size_t kKeyBytesMax = size_t{4} * 1024;       // the key of a record
inline constexpr size_t kHeadersBytesMax = size_t{32} * 1024;  // names and values of a record's headers
inline constexpr size_t kHeadersMax = 64;                      // headers of a record, or members of a structured event
inline constexpr size_t kAttributeBytesMax = 256;              // id, source, type, subject
inline constexpr size_t kExtensionBytesMax = 1024;             // the value of an extension attribute
inline constexpr size_t kExtensionNameBytesMax = 40;
inline constexpr int kNestingMax = 32;      // of JSON and of protobuf messages
inline constexpr int kIdentifiersMax = 50;  // of one channel event
inline constexpr int kLinesMax = 2'000;     // of one order

}  // namespace tessera::events
