// What commands print: JSON for scripts, tables for people.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <string_view>

namespace tessera::cli {

using Json = nlohmann::ordered_json;

// The message by the proto JSON mapping: names as in the proto file, 64 bit numbers as text, fields without a value
// too.
Json ToJson(const google::protobuf::Message& message);

// On standard output, indented; bytes that are no UTF-8 are replaced.
void PrintJson(const Json& json);

void Print(std::string_view text);

}  // namespace tessera::cli
