// The texts within protobuf messages of strangers. Paths are as in "items[2].customer_id", of a map's entry
// "labels.key", because entries have no order.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>

namespace tessera {

struct TextFault {
  std::string field;
  std::string_view message;  // "must not contain NUL"
};

// The first string field, at any depth, that WhyUnfit (base/text.h) refuses or that is longer than `bytes_max`.
std::optional<TextFault> FindUnfitText(const google::protobuf::Message& message, size_t bytes_max);

// Of bytes that could not be parsed as `type`: the first string field that is no UTF-8, "" if that is not the reason.
std::string FieldWithoutUtf8(const google::protobuf::Descriptor& type, std::string_view bytes);

}  // namespace tessera
