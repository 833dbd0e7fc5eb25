#include "base/message_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace tessera {
namespace {

namespace pb = google::protobuf;

constexpr int kNestingMax = 32;

bool IsText(const pb::FieldDescriptor& field) { return field.type() == pb::FieldDescriptor::TYPE_STRING; }
bool IsMessage(const pb::FieldDescriptor& field) { return field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE; }

std::string PathOf(const std::string& prefix, const pb::FieldDescriptor& field, int index) {
  return field.is_repeated() && !field.is_map() ? absl::StrCat(prefix, field.name(), "[", index, "]")
                                                : prefix + field.name();
}

class Search {
 public:
  explicit Search(size_t bytes_max) : bytes_max_(bytes_max) {}

  // `prefix` is the path of the message with a dot at its end, or "".
  bool FindsIn(const pb::Message& message, const std::string& prefix) {
    std::vector<const pb::FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const pb::FieldDescriptor* field : fields) {
      if (!IsText(*field) && !IsMessage(*field)) continue;
      const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        if (FindsIn(message, *field, i, prefix)) return true;
      }
    }
    return false;
  }

  std::optional<TextFault> fault() && { return std::move(fault_); }

 private:
  bool FindsIn(const pb::Message& message, const pb::FieldDescriptor& field, int i, const std::string& prefix) {
    const pb::Reflection& reflection = *message.GetReflection();
    if (!IsText(field)) {
      return FindsIn(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, i)
                                         : reflection.GetMessage(message, &field),
                     PathOf(prefix, field, i) + ".");
    }
    std::string scratch;
    const std::string& text = field.is_repeated() ? reflection.GetRepeatedStringReference(message, &field, i, &scratch)
                                                  : reflection.GetStringReference(message, &field, &scratch);
    const std::string_view why = text.size() > bytes_max_ ? "is too long" : WhyUnfit(text);
    if (why.empty()) return false;
    fault_ = {PathOf(prefix, field, i), why};
    return true;
  }

  const size_t bytes_max_;
  std::optional<TextFault> fault_;
};

std::string Find(const pb::Descriptor& type, std::string_view bytes, const std::string& prefix, int depth) {
  pb::UnknownFieldSet fields;
  if (depth > kNestingMax || !fields.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "";
  std::map<int, int> counts;  // of the elements met so far, by number
  for (int i = 0; i < fields.field_count(); ++i) {
    const pb::UnknownField& unknown = fields.field(i);
    const pb::FieldDescriptor* const field = type.FindFieldByNumber(unknown.number());
    if (field == nullptr || unknown.type() != pb::UnknownField::TYPE_LENGTH_DELIMITED) continue;
    std::string path = PathOf(prefix, *field, counts[field->number()]++);
    const std::string& content = unknown.length_delimited();
    if (IsText(*field) && !IsUtf8(content)) return path;
    if (!IsMessage(*field)) continue;
    if (std::string within = Find(*field->message_type(), content, path + ".", depth + 1); !within.empty()) {
      return within;
    }
  }
  return "";
}

}  // namespace

std::optional<TextFault> FindUnfitText(const pb::Message& message, size_t bytes_max) {
  Search search(bytes_max);
  search.FindsIn(message, "");
  return std::move(search).fault();
}

std::string FieldWithoutUtf8(const pb::Descriptor& type, std::string_view bytes) { return Find(type, bytes, "", 0); }

}  // namespace tessera
