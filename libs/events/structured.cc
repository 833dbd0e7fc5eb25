#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "base/hex.h"
#include "base/status.h"
#include "base/strings.h"
#include "events/cloud_event.h"
#include "events/internal.h"
#include "events/limits.h"

namespace tessera::events {
namespace {

using nlohmann::json;

// Parses without exceptions; JSON_INVALID for bad syntax, too deep nesting, or a member of the top object twice.
absl::StatusOr<json> Parse(std::string_view text, std::string_view field) {
  bool too_deep = false, repeated = false;
  std::set<std::string> members;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    const bool opens = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth >= kNestingMax) too_deep = true;
    if (event == json::parse_event_t::key && depth == 1 && !members.insert(parsed.get<std::string>()).second) {
      repeated = true;
    }
    return !too_deep;
  };
  json value = json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (too_deep) return MakeEventError(EventError::kJsonInvalid, field, "is nested deeper than 32 levels");
  if (value.is_discarded()) return MakeEventError(EventError::kJsonInvalid, field, "is not JSON");
  if (repeated) return MakeEventError(EventError::kJsonInvalid, field, "has a member twice");
  return value;
}

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// Attributes are strings; extensions may also be numbers and booleans, whose canonical text is taken.
absl::Status SetMember(CloudEvent& event, const std::string& name, const json& value) {
  const bool is_core = name == "id" || name == "source" || name == "type" || name == "subject" || name == "time" ||
                       name == "specversion" || name == "datacontenttype";
  if (value.is_null()) return absl::OkStatus();  // As if it were absent.
  if (value.is_string()) return SetAttribute(event, name, value.get_ref<const std::string&>());
  if (!is_core && (value.is_boolean() || value.is_number_integer())) return SetAttribute(event, name, Dump(value));
  return MakeEventError(EventError::kAttributeInvalid, is_core ? name : "extensions", "is not a string");
}

absl::Status SetData(CloudEvent& event, const json& object) {
  const auto data = object.find("data");
  const auto base64 = object.find("data_base64");
  const bool has_data = data != object.end() && !data->is_null();
  if (base64 != object.end() && !base64->is_null()) {
    if (has_data) return MakeEventError(EventError::kJsonInvalid, "data", "is there together with data_base64");
    auto bytes = base64->is_string() ? FromBase64(base64->get_ref<const std::string&>()) : std::nullopt;
    if (!bytes) return MakeEventError(EventError::kJsonInvalid, "data_base64", "is not base64");
    event.data = std::move(*bytes);
    return absl::OkStatus();
  }
  if (!has_data) return absl::OkStatus();
  if (event.datacontenttype.empty()) event.datacontenttype = "application/json";
  const bool is_json = ParseContentType(event.datacontenttype).is_json();
  if (!is_json && !data->is_string()) {
    return MakeEventError(EventError::kJsonInvalid, "data", "must be a string for this datacontenttype");
  }
  event.data = is_json ? Dump(*data) : data->get_ref<const std::string&>();
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckJson(std::string_view text, std::string_view field) { return Parse(text, field).status(); }

absl::StatusOr<CloudEvent> DecodeStructured(std::string_view text) {
  TESSERA_ASSIGN_OR_RETURN(const json object, Parse(text, "value"));
  if (!object.is_object()) return MakeEventError(EventError::kJsonInvalid, "value", "is not a JSON object");
  if (object.size() > kHeadersMax) return MakeEventError(EventError::kJsonInvalid, "value", "has more than 64 members");
  if (!object.contains("specversion")) {
    return MakeEventError(EventError::kAttributeMissing, "specversion", "is required");
  }
  CloudEvent event;
  for (const auto& [name, value] : object.items()) {
    if (name == "data" || name == "data_base64") continue;
    TESSERA_RETURN_IF_ERROR(SetMember(event, name, value));
  }
  TESSERA_RETURN_IF_ERROR(CheckComplete(event));
  TESSERA_RETURN_IF_ERROR(SetData(event, object));
  return event;
}

}  // namespace tessera::events
