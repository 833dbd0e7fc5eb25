// tessera dlq: events that were refused.
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "tessera/events/v1/channel_event.pb.h"
#include "tessera/ops/v1/operations_service.pb.h"
#include "tools/tessera/cli/records.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

namespace ops = ::tessera::ops::v1;

constexpr char kReplay[] = "tessera.ops.v1.OperationsService/ReplayDeadLetter";

absl::Status ReadDeadLetters(Stack& stack, const std::string& service, const Arguments& arguments, int64_t& left,
                             int64_t& total, const std::function<void(const ops::DeadLetterSummary&)>& take) {
  ops::ListDeadLettersRequest request;
  request.set_brand_filter(arguments.Text("brand"));
  request.set_reason_filter(arguments.Text("reason"));
  const auto show = [&](const ops::ListDeadLettersResponse& page) {
    for (const ops::DeadLetterSummary& letter : page.dead_letters()) take(letter);
    return page.dead_letters_size();
  };
  return ReadPages<ops::ListDeadLettersRequest, ops::ListDeadLettersResponse>(
      stack, service, "tessera.ops.v1.OperationsService/ListDeadLetters", request, left, total, show);
}

absl::StatusOr<int> List(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(int64_t left, arguments.Number("limit", 50, 1, 1'000'000));
  TESSERA_ASSIGN_OR_RETURN(const auto services, stack.Services());
  RecordList list({{"EVENT"}, {"REASON"}, {"FIELD"}, {"BRAND"}, {"EVENT ID"}, {"REFUSED"}, {"REPLAYED"}, {"MESSAGE"}});
  int64_t total = 0;
  TESSERA_ASSIGN_OR_RETURN(
      const int exit_code, AskEach(services, [&](const std::string& service) {
        return ReadDeadLetters(stack, service, arguments, left, total, [&](const ops::DeadLetterSummary& letter) {
          list.Add(
              service, letter,
              {ToText({service, letter.dead_letter_id()}), letter.reason(), letter.field(), letter.brand_id(),
               letter.event_id(), TimeText(letter.posted_time()), TimeText(letter.replayed_time()), letter.message()});
        });
      }));
  list.Print(arguments, total, "dead_letters", "there are no dead letters");
  return exit_code;
}

// The value of a record: as JSON if it is a channel event, as text, or else in hexadecimal digits.
std::string ValueText(const ops::GetDeadLetterResponse& letter) {
  for (const ops::RecordHeader& header : letter.headers()) {
    events::v1::ChannelEvent event;
    if (header.name() == "content-type" && absl::StartsWith(header.value(), "application/protobuf") &&
        event.ParseFromString(letter.value())) {
      return ToJson(event).dump(2, ' ', false, Json::error_handler_t::replace);
    }
  }
  const std::string text = Printable(letter.value());
  return text == letter.value() ? text : "hex " + absl::BytesToHexString(letter.value());
}

absl::StatusOr<int> Show(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const RecordName name, ParseRecordName(arguments.words().front()));
  ops::GetDeadLetterRequest request;
  request.set_dead_letter_id(name.number);
  TESSERA_ASSIGN_OR_RETURN(const auto letter,
                           (stack.Call<ops::GetDeadLetterRequest, ops::GetDeadLetterResponse>(
                               name.service, "tessera.ops.v1.OperationsService/GetDeadLetter", request)));
  if (arguments.Has("json")) {
    PrintJson(ToJson(letter));
    return 0;
  }
  const ops::DeadLetterSummary& summary = letter.summary();
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"event", ToText(name)},
      {"reason", summary.reason()},
      {"message", summary.message()},
      {"field", summary.field()},
      {"brand", summary.brand_id()},
      {"event id", summary.event_id()},
      {"came from", absl::StrCat(summary.topic(), "/", summary.partition(), " at ", summary.offset())},
      {"refused", TimeText(summary.posted_time())},
      {"replayed", TimeText(summary.replayed_time())},
      {"not kept", letter.left_out_bytes() == 0
                       ? ""
                       : absl::StrCat(letter.left_out_bytes(), " bytes, which are in the topic only")},
      {"key", letter.key()}};
  for (const ops::RecordHeader& header : letter.headers()) pairs.emplace_back(header.name(), header.value());
  std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
  Print(Pairs(pairs) + "\n" + ValueText(letter) + "\n");
  return 0;
}

absl::Status ReplayOne(Stack& stack, const RecordName& name) {
  ops::ReplayDeadLetterRequest request;
  request.set_dead_letter_id(name.number);
  return stack.Call<ops::ReplayDeadLetterRequest, ops::ReplayDeadLetterResponse>(name.service, kReplay, request)
      .status();
}

struct Replayed {
  int64_t took_effect = 0, refused_again = 0;
};

// All of one service that match, oldest first, as they came.
absl::Status ReplayAll(Stack& stack, const std::string& service, const Arguments& arguments, Replayed& replayed) {
  std::vector<RecordName> names;
  int64_t total = 0, left = INT64_MAX;
  TESSERA_RETURN_IF_ERROR(
      ReadDeadLetters(stack, service, arguments, left, total, [&](const ops::DeadLetterSummary& letter) {
        if (!letter.has_replayed_time()) names.push_back({service, letter.dead_letter_id()});
      }));
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    absl::Status status = ReplayOne(stack, *name);
    // A refusal is the event's own matter; anything else would hit the next one, too.
    if (!status.ok() && !absl::IsFailedPrecondition(status) && !absl::IsInvalidArgument(status)) return status;
    ++(status.ok() ? replayed.took_effect : replayed.refused_again);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Replay(Stack& stack, const Arguments& arguments) {
  if (!arguments.Has("all")) {
    if (arguments.words().empty()) return absl::InvalidArgumentError("say which dead letters, or --all");
    return ForEachRecord(arguments, "took effect", [&](const RecordName& name) { return ReplayOne(stack, name); });
  }
  TESSERA_ASSIGN_OR_RETURN(const auto services, stack.Services());
  Replayed replayed;
  // What one service has done is told, whatever becomes of the others.
  const auto exit_code =
      AskEach(services, [&](const std::string& service) { return ReplayAll(stack, service, arguments, replayed); });
  if (arguments.Has("json")) {
    PrintJson({{"replayed", replayed.took_effect}, {"refused_again", replayed.refused_again}});
  } else {
    Print(absl::StrCat(Grouped(replayed.took_effect), " took effect, ", Grouped(replayed.refused_again),
                       " were refused again\n"));
  }
  if (!exit_code.ok()) return exit_code.status();
  return replayed.refused_again == 0 ? *exit_code : 1;
}

}  // namespace

std::vector<Command> DeadLetterCommands() {
  const Option brand = {"brand", "ID", "only of this brand"}, reason = {"reason", "REASON", "only with this reason"};
  return {{{.words = "dlq list",
            .summary = "Lists the events that were refused, newest first.",
            .options = {ServiceOption(), brand, reason, LimitOption()}},
           &List},
          {{.words = "dlq show",
            .summary = "Shows a refused event with its original record, which may hold personal data.",
            .positionals = {{"event", "as `dlq list` shows it"}},
            .example = "dlq show oneid/17"},
           &Show},
          {{.words = "dlq replay",
            .summary = "Decides refused events again, for example after what they lacked was put right.",
            .positionals = {{"event", "as `dlq list` shows it", Count::kAny}},
            .options = {{"all", "", "all that match, oldest first"}, ServiceOption(), brand, reason},
            .example = "dlq replay --all --reason UNKNOWN_BRAND"},
           &Replay}};
}

}  // namespace tessera::cli
