#include "tools/tessera/cli/records.h"

#include <cstdio>

#include "absl/strings/numbers.h"
#include "tools/tessera/cli/text.h"

namespace tessera::cli {

absl::StatusOr<RecordName> ParseRecordName(const std::string& text) {
  RecordName name;
  const size_t slash = text.find('/');
  if (slash != std::string::npos && slash > 0 && absl::SimpleAtoi(text.substr(slash + 1), &name.number) &&
      name.number > 0) {
    name.service = text.substr(0, slash);
    return name;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no record: they are named as the lists show them, such as oneid/17"));
}

absl::StatusOr<int> AskEach(const std::vector<std::string>& services,
                            const std::function<absl::Status(const std::string& service)>& ask) {
  std::vector<absl::Status> errors;
  for (const std::string& service : services) {
    if (absl::Status asked = ask(service); !asked.ok()) errors.push_back(std::move(asked));
  }
  const bool none_answered = !errors.empty() && errors.size() == services.size();
  PrintErrors(absl::MakeSpan(errors).first(errors.size() - (none_answered ? 1 : 0)));
  if (none_answered) return errors.back();
  return errors.empty() ? 0 : 1;
}

void PrintErrors(absl::Span<const absl::Status> errors) {
  for (const absl::Status& error : errors) std::fputs(ErrorText(error).c_str(), stderr);
}

absl::StatusOr<int> ForEachRecord(const Arguments& arguments, const std::string& done,
                                  const std::function<absl::Status(const RecordName&)>& act) {
  std::vector<RecordName> names;
  for (const std::string& word : arguments.words()) {
    TESSERA_ASSIGN_OR_RETURN(names.emplace_back(), ParseRecordName(word));
  }
  Json results = Json::array();
  int exit_code = 0;
  for (const RecordName& name : names) {
    const absl::Status status = act(name);
    if (!status.ok()) exit_code = 1;
    if (arguments.Has("json")) {
      const auto info = ErrorInfoOf(status);
      results.push_back({{"record", ToText(name)},
                         {"code", absl::StatusCodeToString(status.code())},
                         {"reason", info ? info->reason : ""},
                         {"message", std::string(status.message())}});
    } else if (status.ok()) {
      Print(ToText(name) + " " + done + "\n");
    } else {
      std::fputs((ToText(name) + ": " + ErrorText(status)).c_str(), stderr);
    }
  }
  if (arguments.Has("json")) PrintJson(results);
  return exit_code;
}

void RecordList::Add(const std::string& service, const google::protobuf::Message& record,
                     std::vector<std::string> cells) {
  Json one = {{"service", service}};
  one.update(ToJson(record));
  json_.push_back(std::move(one));
  table_.Add(std::move(cells));
}

void RecordList::Print(const Arguments& arguments, int64_t total, const std::string& name,
                       const std::string& nothing) const {
  if (arguments.Has("json")) {
    PrintJson({{"total_count", total}, {name, json_}});
  } else if (table_.empty()) {
    cli::Print(nothing + "\n");
  } else {
    cli::Print(table_.Text() + ShownText(static_cast<int64_t>(json_.size()), total));
  }
}

std::string ShownText(int64_t shown, int64_t total) {
  if (shown >= total) return absl::StrCat(Grouped(total), " in all\n");
  return absl::StrCat(Grouped(shown), " of ", Grouped(total), " shown; --limit shows more\n");
}

}  // namespace tessera::cli
