#include "rpc/describe.h"

#include <set>

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;

class Writer {
 public:
  void Add(const pb::ServiceDescriptor& service) {
    text_ += service.DebugString();
    for (int i = 0; i < service.method_count(); ++i) AddTypesOf(*service.method(i));
  }
  void Add(const pb::MethodDescriptor& method) {
    text_ += method.DebugString();
    AddTypesOf(method);
  }
  // With the message or enum that it is declared in, whose text holds its own.
  void Add(const pb::Descriptor& type) {
    if (type.containing_type() != nullptr) return Add(*type.containing_type());
    if (!IsNew(type)) return;
    Append(type);
    AddTypesOf(type);
  }
  void Add(const pb::EnumDescriptor& type) {
    if (type.containing_type() != nullptr) return Add(*type.containing_type());
    if (IsNew(type)) Append(type);
  }

  const std::string& text() const { return text_; }

 private:
  template <class Type>
  bool IsNew(const Type& type) {
    return written_.insert(type.full_name()).second;
  }
  template <class Type>
  void Append(const Type& type) {
    if (!text_.empty()) text_ += "\n";
    text_ += type.DebugString();
  }
  template <class Type>
  void AddUsed(const Type* type) {
    if (type != nullptr && type->file()->package() != "google.protobuf") Add(*type);
  }
  void AddTypesOf(const pb::MethodDescriptor& method) {
    AddUsed(method.input_type());
    AddUsed(method.output_type());
  }
  void AddTypesOf(const pb::Descriptor& message) {
    for (int i = 0; i < message.field_count(); ++i) {
      const pb::FieldDescriptor& field = *message.field(i);
      AddUsed(field.message_type());
      AddUsed(field.enum_type());
    }
    for (int i = 0; i < message.nested_type_count(); ++i) AddTypesOf(*message.nested_type(i));
  }

  std::set<std::string> written_;
  std::string text_;
};

}  // namespace

std::string ProtoText(const pb::DescriptorPool& pool, const std::string& symbol) {
  Writer writer;
  if (const auto* service = pool.FindServiceByName(symbol)) {
    writer.Add(*service);
  } else if (const auto* method = pool.FindMethodByName(symbol)) {
    writer.Add(*method);
  } else if (const auto* message = pool.FindMessageTypeByName(symbol)) {
    writer.Add(*message);
  } else if (const auto* type = pool.FindEnumTypeByName(symbol)) {
    writer.Add(*type);
  }
  return writer.text();
}

}  // namespace tessera::rpc
