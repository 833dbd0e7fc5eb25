// tessera progress: how far every service is with what it reads and publishes.
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "engine/topic_names.h"
#include "kafka/admin.h"
#include "tessera/ops/v1/operations_service.pb.h"
#include "tools/tessera/cli/flow.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/records.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

namespace ops = ::tessera::ops::v1;

// Where the broker's topics end; asked anew for every snapshot.
class Ends {
 public:
  Ends(kafka::Admin& admin, std::string prefix) : admin_(admin), names_(std::move(prefix)) {}

  absl::StatusOr<const std::vector<int64_t>*> Of(const std::string& topic) {
    auto found = ends_.find(topic);
    if (found != ends_.end()) return &found->second;
    auto ends = admin_.EndOffsets(names_.AtBroker(topic));
    // A topic that nobody has made yet has nothing to be read.
    if (absl::IsFailedPrecondition(ends.status())) ends = std::vector<int64_t>();
    if (!ends.ok()) return ends.status();
    return &ends_.emplace(topic, *std::move(ends)).first->second;
  }

 private:
  kafka::Admin& admin_;
  const engine::TopicNames names_;
  std::map<std::string, std::vector<int64_t>> ends_;
};

absl::StatusOr<Flow> ReadFlow(Stack& stack, const std::string& service, Ends& ends) {
  TESSERA_ASSIGN_OR_RETURN(const auto progress, (stack.Call<ops::GetProgressRequest, ops::GetProgressResponse>(
                                                    service, "tessera.ops.v1.OperationsService/GetProgress", {})));
  Flow flow = FlowOf(service, progress);
  for (auto& [topic, reading] : flow.reads) {
    TESSERA_ASSIGN_OR_RETURN(const std::vector<int64_t>* const offsets, ends.Of(topic));
    reading.SetEnds(*offsets);
  }
  return flow;
}

Json ToJson(const Flow& flow) {
  Json reads = Json::object(), writes = Json::object();
  for (const auto& [topic, reading] : flow.reads) {
    reads[topic] = {{"next", reading.next}, {"end", reading.end}, {"lag", reading.lag}};
  }
  for (const auto& [topic, writing] : flow.writes) {
    writes[topic] = {{"written", writing.written}, {"relayed", writing.relayed}};
  }
  return {{"reads", reads},
          {"writes", writes},
          {"waiting", flow.waiting},
          {"parked", flow.parked},
          {"due_timers", flow.due_timers}};
}

void PrintTables(const std::map<std::string, Flow>& flows) {
  const auto right = Table::Align::kRight;
  Table reads({{"SERVICE"}, {"READS"}, {"AT", right}, {"END", right}, {"BEHIND", right}});
  Table writes({{"SERVICE"}, {"PUBLISHES"}, {"WRITTEN", right}, {"PUBLISHED", right}, {"TO DO", right}});
  Table counts({{"SERVICE"}, {"WAITING", right}, {"PARKED", right}, {"TIMERS DUE", right}});
  for (const auto& [service, flow] : flows) {
    for (const auto& [topic, reading] : flow.reads) {
      reads.Add({service, topic, Grouped(reading.next), Grouped(reading.end), Grouped(reading.lag)});
    }
    for (const auto& [topic, writing] : flow.writes) {
      writes.Add({service, topic, Grouped(writing.written), Grouped(writing.relayed),
                  Grouped(writing.written - writing.relayed)});
    }
    counts.Add({service, Grouped(flow.waiting), Grouped(flow.parked), Grouped(flow.due_timers)});
  }
  Print(reads.Text() + "\n" + writes.Text() + "\n" + counts.Text());
}

// One look at all services; one that does not answer is told as such. The exit code.
absl::StatusOr<int> Look(Stack& stack, const std::vector<std::string>& services, kafka::Admin& admin,
                         const Arguments& arguments) {
  Ends ends(admin, stack.topic_prefix());
  std::map<std::string, Flow> flows;
  Json json = Json::object();
  const auto exit_code = AskEach(services, [&](const std::string& service) {
    const auto flow = ReadFlow(stack, service, ends);
    if (flow.ok()) {
      flows[service] = *flow;
      json[service] = ToJson(*flow);
    } else {
      json[service] = {{"error", flow.status().ToString()}};
      if (arguments.Has("watch")) return absl::OkStatus();  // It may be back at the next look.
    }
    return flow.status();
  });
  if (!exit_code.ok()) return exit_code;
  const Json whole = {{"unix_seconds", absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch())}, {"services", json}};
  if (arguments.Has("watch")) {
    Print(whole.dump() + "\n");
    std::fflush(stdout);
  } else if (arguments.Has("json")) {
    PrintJson(whole);
  } else {
    PrintTables(flows);
  }
  return exit_code;
}

absl::StatusOr<int> Progress(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const auto services, stack.Services());
  TESSERA_ASSIGN_OR_RETURN(const int64_t interval_ms, arguments.Number("watch", 0, 1, 3'600'000));
  TESSERA_ASSIGN_OR_RETURN(const std::string brokers, stack.Brokers());
  TESSERA_ASSIGN_OR_RETURN(const auto security, kafka::ReadSecurity(stack.kafka_properties()));
  TESSERA_ASSIGN_OR_RETURN(const auto admin, kafka::Admin::Create(brokers, security));
  absl::Time next = absl::Now();
  int exit_code = 0;
  do {
    TESSERA_ASSIGN_OR_RETURN(exit_code, Look(stack, services, *admin, arguments));
    next = std::max(next + absl::Milliseconds(interval_ms), absl::Now());
    if (interval_ms > 0) absl::SleepFor(next - absl::Now());
  } while (interval_ms > 0 && std::ferror(stdout) == 0);
  return exit_code;
}

}  // namespace

std::vector<Command> ProgressCommands() {
  return {{{.words = "progress",
            .summary = "Shows how far every service is with what it reads and publishes.",
            .options = {ServiceOption(),
                        {"watch", "MILLISECONDS", "look again and again; prints one line of JSON each time"},
                        {"topic-prefix", "PREFIX", "of all topics (TESSERA_TOPIC_PREFIX; none)"}}},
           &Progress}};
}

}  // namespace tessera::cli
