#include "events/payload.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/message_text.h"
#include "base/status.h"
#include "base/text.h"
#include "events/internal.h"
#include "events/limits.h"
#include "tessera/common/v1/options.pb.h"

namespace tessera::events {
namespace {

namespace pb = google::protobuf;

bool IsPathCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '[' || c == ']';
}

// A prefix of names and indexes such as "lines[2].quantity". Anything else (a map's key) is a stranger's text.
std::string_view PathPrefix(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && IsPathCharacter(text[end])) ++end;
  return text.substr(0, end);
}

bool IsFieldName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         PathPrefix(text).size() == text.size() && text.find_first_of(".[]") == std::string_view::npos;
}

// protobuf says "quantty: Cannot find field.", "(lines[2]) quantty: Cannot find field." or
// "(lines[2].quantity): invalid value "x" ...". Only the path and, if it is a plain word, the unknown name are taken;
// the rest may quote values.
std::string FieldInError(std::string_view text) {
  std::string field;
  if (text.starts_with('(')) {
    field = PathPrefix(text.substr(1));
    text.remove_prefix(field.size() + 1);
    if (!text.starts_with(") ")) return field.empty() ? "data" : field;
    text.remove_prefix(2);
  }
  constexpr std::string_view kUnknown = ": Cannot find field.";
  if (text.ends_with(kUnknown)) {
    text.remove_suffix(kUnknown.size());
    if (IsFieldName(text)) field += (field.empty() ? "" : ".") + std::string(text);
  }
  return field.empty() ? "data" : field;
}

absl::Status DecodeJson(const std::string& data, pb::Message* message) {
  TESSERA_RETURN_IF_ERROR(CheckJson(data, "data"));
  const auto status = pb::util::JsonStringToMessage(data, message);
  if (status.ok()) return absl::OkStatus();
  const std::string text(status.message().data(), status.message().size());
  const bool unknown = text.ends_with("Cannot find field.");
  return MakeEventError(EventError::kJsonInvalid, FieldInError(text),
                        unknown ? "there is no such field" : "is not the JSON mapping of the expected message");
}

absl::Status DecodeProtobuf(const std::string& data, pb::Message* message) {
  pb::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(data.data()), static_cast<int>(data.size()));
  input.SetRecursionLimit(kNestingMax);
  if (message->MergeFromCodedStream(&input) && input.ConsumedEntireMessage()) return absl::OkStatus();
  const std::string field = FieldWithoutUtf8(*message->GetDescriptor(), data);
  if (!field.empty()) return MakeEventError(EventError::kDataInvalid, field, "must be UTF-8");
  return MakeEventError(EventError::kDataInvalid, "data", "is not the expected protobuf message");
}

absl::Status CheckTexts(const pb::Message& message, EventError error) {
  const auto fault = FindUnfitText(message, kEventBytesMax);
  return fault ? MakeEventError(error, fault->field, fault->message) : absl::OkStatus();
}

bool IsCleared(const pb::FieldDescriptor& field) {
  if (field.options().GetExtension(common::v1::pii)) return true;
  return field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_ANY;
}

}  // namespace

absl::Status DecodePayload(const CloudEvent& event, pb::Message* message) {
  message->Clear();
  const ContentType type = ParseContentType(event.datacontenttype);
  if (type.media == "application/protobuf" || type.media == "application/x-protobuf") {
    TESSERA_RETURN_IF_ERROR(DecodeProtobuf(event.data, message));
    // Where nothing in all the bytes is unfit, no text is: most events need no search.
    return WhyUnfit(event.data).empty() ? absl::OkStatus() : CheckTexts(*message, EventError::kDataInvalid);
  }
  if (type.is_json() && type.is_utf8()) {
    TESSERA_RETURN_IF_ERROR(DecodeJson(event.data, message));
    return CheckTexts(*message, EventError::kJsonInvalid);
  }
  return MakeEventError(EventError::kContentTypeUnsupported, "datacontenttype",
                        "must be application/protobuf or application/json in UTF-8");
}

void StripPii(pb::Message* message) {
  const pb::Reflection* const reflection = message->GetReflection();
  if (!reflection->GetUnknownFields(*message).empty()) reflection->MutableUnknownFields(message)->Clear();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (IsCleared(*field)) {
      reflection->ClearField(message, field);
    } else if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      StripPii(reflection->MutableMessage(message, field));
    } else {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        StripPii(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

}  // namespace tessera::events
