// What the operators' commands share: records named "service/number", and lists over all services.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/stack.h"
#include "tools/tessera/cli/table.h"

namespace tessera::cli {

// A waiting, parked or refused event: "oneid/17".
struct RecordName {
  std::string service;
  int64_t number = 0;

  bool operator==(const RecordName&) const = default;
};

// InvalidArgument if the text is no such name.
absl::StatusOr<RecordName> ParseRecordName(const std::string& text);

inline std::string ToText(const RecordName& name) { return absl::StrCat(name.service, "/", name.number); }

// Asks each of the services and goes on when one fails. The exit code: 1 and an error text for each that failed, else
// 0. If none has answered: the last error, and the texts of the others.
absl::StatusOr<int> AskEach(const std::vector<std::string>& services,
                            const std::function<absl::Status(const std::string& service)>& ask);

// To the standard error.
void PrintErrors(absl::Span<const absl::Status> errors);

// Items of one service's list, page by page, at most `left`, which becomes less by each; `items` takes them out of a
// response. Adds the service's total to `total`.
template <class Request, class Response, class Items>
absl::Status ReadPages(Stack& stack, const std::string& service, std::string_view method, Request request,
                       int64_t& left, int64_t& total, const Items& items) {
  for (;;) {
    request.set_page_size(static_cast<int32_t>(std::clamp<int64_t>(left, 1, 500)));
    TESSERA_ASSIGN_OR_RETURN(Response response, (stack.Call<Request, Response>(service, method, request)));
    if (left > 0) left -= items(response);
    request.set_page_token(response.next_page_token());
    if (request.page_token().empty() || left <= 0) {
      total += response.total_count();
      return absl::OkStatus();
    }
  }
}

// Does `act` to each of the records named by the command's words, reports each, and goes on after a failure. 1 if one
// failed.
absl::StatusOr<int> ForEachRecord(const Arguments& arguments, const std::string& done,
                                  const std::function<absl::Status(const RecordName&)>& act);

// The list of records that a command shows: a table for people, or JSON.
class RecordList {
 public:
  explicit RecordList(std::vector<Table::Column> columns) : table_(std::move(columns)) {}

  // `cells` as in the table's columns.
  void Add(const std::string& service, const google::protobuf::Message& record, std::vector<std::string> cells);

  // `total` counts also those that are not shown; `name` is the list's in JSON, `nothing` a sentence if it is empty.
  void Print(const Arguments& arguments, int64_t total, const std::string& name, const std::string& nothing) const;

 private:
  Table table_;
  Json json_ = Json::array();
};

// The footnote of a list: "20 of 79 shown; --limit shows more".
std::string ShownText(int64_t shown, int64_t total);

}  // namespace tessera::cli
