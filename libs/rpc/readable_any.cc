#include "rpc/readable_any.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <vector>

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kPrefix = "type.googleapis.com/";  // the one that proto JSON can look up
constexpr char kUnreadable[] = "tessera.rpc.Unreadable";
constexpr int kTypeUrl = 1, kValue = 2;  // of Any and of Unreadable

std::string Text(const pb::Message& message, int field) {
  return message.GetReflection()->GetString(message, message.GetDescriptor()->FindFieldByNumber(field));
}

void SetText(pb::Message& message, int field, std::string text) {
  message.GetReflection()->SetString(&message, message.GetDescriptor()->FindFieldByNumber(field), std::move(text));
}

// Whether the Any's content could be read; what it holds itself is readable then.
bool MakeContentReadable(pb::Message& any, const FindType& find_type, pb::MessageFactory& factory) {
  const std::string url = Text(any, kTypeUrl);
  if (url.empty()) return Text(any, kValue).empty();
  if (!url.starts_with(kPrefix)) return false;
  const pb::Descriptor* const type = find_type(url.substr(kPrefix.size()));
  if (type == nullptr) return false;
  const std::unique_ptr<pb::Message> content(factory.GetPrototype(type)->New());
  if (!content->ParseFromString(Text(any, kValue))) return false;
  MakeReadable(*content, find_type, factory);
  // Some bytes are of the type and yet have no JSON, such as a Timestamp of the year 20,000.
  std::string json;
  if (!pb::util::MessageToJsonString(*content, &json).ok()) return false;
  SetText(any, kValue, content->SerializeAsString());
  return true;
}

void Replace(pb::Message& any, const FindType& find_type, pb::MessageFactory& factory) {
  const std::unique_ptr<pb::Message> unreadable(factory.GetPrototype(find_type(kUnreadable))->New());
  SetText(*unreadable, kTypeUrl, Text(any, kTypeUrl));
  SetText(*unreadable, kValue, Text(any, kValue));
  SetText(any, kTypeUrl, std::string(kPrefix) + kUnreadable);
  SetText(any, kValue, unreadable->SerializeAsString());
}

}  // namespace

pb::FileDescriptorProto UnreadableFile() {
  pb::FileDescriptorProto file;
  file.set_name("tessera/rpc/unreadable.proto");
  file.set_package("tessera.rpc");
  file.set_syntax("proto3");
  pb::DescriptorProto& type = *file.add_message_type();
  type.set_name("Unreadable");
  const auto add = [&](const char* name, int number, pb::FieldDescriptorProto::Type kind) {
    pb::FieldDescriptorProto& field = *type.add_field();
    field.set_name(name);
    field.set_number(number);
    field.set_type(kind);
    field.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
  };
  add("type_url", kTypeUrl, pb::FieldDescriptorProto::TYPE_STRING);
  add("value", kValue, pb::FieldDescriptorProto::TYPE_BYTES);
  return file;
}

void MakeReadable(pb::Message& message, const FindType& find_type, pb::MessageFactory& factory) {
  if (message.GetDescriptor()->full_name() == pb::Any::descriptor()->full_name()) {
    if (!MakeContentReadable(message, find_type, factory)) Replace(message, find_type, factory);
    return;
  }
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      MakeReadable(*reflection.MutableMessage(&message, field), find_type, factory);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      MakeReadable(*reflection.MutableRepeatedMessage(&message, field, i), find_type, factory);
    }
  }
}

}  // namespace tessera::rpc
