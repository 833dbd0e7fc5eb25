// tessera top: a live view of what the instances measure of themselves.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "engine/phases.h"
#include "metrics/page.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/cli/vitals.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

constexpr absl::Duration kFetchTimeout = absl::Seconds(2);
constexpr char kHomeAndClear[] = "\x1b[H\x1b[J";
constexpr size_t kMethodsShown = 12;

struct Look {
  absl::Time time;
  absl::StatusOr<std::vector<metrics::Sample>> samples;
};

struct Instance {
  std::string address;
  std::optional<Look> before;
  absl::StatusOr<Vitals> vitals = absl::UnavailableError("not looked at yet");
};

using Instances = std::map<std::string, Instance>;

Look LookAt(const std::string& address) {
  const auto page = metrics::Fetch(address, "/metrics", kFetchTimeout);
  const absl::Time now = absl::Now();
  if (!page.ok()) return {now, page.status()};
  return {now, metrics::ParsePage(*page)};
}

// Takes another look at every instance; what grew is measured from the last one.
void LookAtAll(Instances& instances) {
  for (auto& [name, instance] : instances) {
    Look look = LookAt(instance.address);
    if (!look.samples.ok()) {
      instance.vitals = look.samples.status();
    } else if (instance.before && instance.before->samples.ok()) {
      instance.vitals =
          VitalsOf(*instance.before->samples, *look.samples, absl::ToDoubleSeconds(look.time - absl::UnixEpoch()),
                   absl::ToDoubleSeconds(look.time - instance.before->time));
    }
    instance.before = std::move(look);
  }
}

std::string Whole(double value) { return Grouped(std::llround(value)); }
std::string Fine(double value) { return absl::StrFormat("%.1f", value); }
std::string Age(double seconds) { return absl::FormatDuration(absl::Seconds(std::llround(seconds))); }

std::string ProcessTable(const Instances& instances) {
  const auto right = Table::Align::kRight;
  Table table({{"INSTANCE"},
               {"UP", right},
               {"CPU %", right},
               {"MB", right},
               {"QUEUE", right},
               {"COMMANDS/s", right},
               {"BATCHES/s", right},
               {"SIZE", right},
               {"RESTARTS/s", right},
               {"RETRIES/s", right}});
  for (const auto& [name, instance] : instances) {
    if (!instance.vitals.ok()) continue;
    const Vitals& vitals = *instance.vitals;
    table.Add({name, Age(vitals.up_seconds), Whole(vitals.cpu_percent), Whole(vitals.resident_mb), Whole(vitals.queued),
               Whole(vitals.commands_per_second), Fine(vitals.batches_per_second), Whole(vitals.commands_per_batch),
               Fine(vitals.restarts_per_second), Fine(vitals.retries_per_second)});
  }
  return table.Text();
}

std::string PhaseTable(const Instances& instances) {
  std::vector<Table::Column> columns = {{"ms OF A BATCH"}};
  for (const char* phase : engine::kPhaseNames) columns.push_back({phase, Table::Align::kRight});
  Table table(std::move(columns));
  for (const auto& [name, instance] : instances) {
    if (!instance.vitals.ok() || instance.vitals->phase_ms.empty()) continue;
    std::vector<std::string> cells = {name};
    for (const char* phase : engine::kPhaseNames) {
      const auto found = instance.vitals->phase_ms.find(phase);
      cells.push_back(found == instance.vitals->phase_ms.end() ? "" : Fine(found->second));
    }
    table.Add(std::move(cells));
  }
  return table.empty() ? "" : "\n" + table.Text();
}

std::string LagTable(const Instances& instances) {
  const auto right = Table::Align::kRight;
  Table table({{"INSTANCE"}, {"READS OR PUBLISHES"}, {"BEHIND", right}, {"AGE s", right}});
  for (const auto& [name, instance] : instances) {
    if (!instance.vitals.ok()) continue;
    for (const auto& [topic, lag] : instance.vitals->reads) {
      table.Add({name, "< " + topic, Whole(lag.items), Fine(lag.seconds)});
    }
    for (const auto& [topic, lag] : instance.vitals->publishes) {
      table.Add({name, "> " + topic, Whole(lag.items), Fine(lag.seconds)});
    }
  }
  return table.empty() ? "" : "\n" + table.Text();
}

std::string CallTable(const Instances& instances) {
  const auto right = Table::Align::kRight;
  Table table(
      {{"INSTANCE"}, {"CALLS"}, {"/s", right}, {"ERRORS/s", right}, {"p50 ms <=", right}, {"p99 ms <=", right}});
  for (const auto& [name, instance] : instances) {
    if (!instance.vitals.ok()) continue;
    std::vector<std::pair<std::string, Vitals::Calls>> most(instance.vitals->calls.begin(),
                                                            instance.vitals->calls.end());
    std::stable_sort(most.begin(), most.end(),
                     [](const auto& a, const auto& b) { return a.second.per_second > b.second.per_second; });
    if (most.size() > kMethodsShown) most.resize(kMethodsShown);
    for (const auto& [method, calls] : most) {
      table.Add({name, method, Fine(calls.per_second), Fine(calls.errors_per_second), Fine(calls.p50_ms),
                 Fine(calls.p99_ms)});
    }
  }
  return table.empty() ? "" : "\n" + table.Text();
}

// What is not as it should be, or "nothing".
std::string Attention(const Instances& instances) {
  Table table({{"LOOK AT"}, {"WHAT"}, {"HOW MUCH", Table::Align::kRight}});
  for (const auto& [name, instance] : instances) {
    if (!instance.vitals.ok()) {
      table.Add({name, std::string(instance.vitals.status().message()), ""});
      continue;
    }
    for (const auto& [reason, rate] : instance.vitals->refusals_per_second) {
      table.Add({name, "refused: " + reason, Fine(rate) + "/s"});
    }
    if (instance.vitals->data_errors_per_second > 0) {
      table.Add({name, "data errors", Fine(instance.vitals->data_errors_per_second) + "/s"});
    }
    for (const auto& [gauge, value] : instance.vitals->gauges) {
      if (value > 0) table.Add({name, gauge.substr(gauge.find('_') + 1), Whole(value)});
    }
  }
  return table.empty() ? "\nnothing is set aside, open or refused\n" : "\n" + table.Text();
}

Json ToJson(const Vitals& vitals) {
  Json reads = Json::object(), publishes = Json::object(), calls = Json::object();
  for (const auto& [topic, lag] : vitals.reads) reads[topic] = {{"records", lag.items}, {"seconds", lag.seconds}};
  for (const auto& [topic, lag] : vitals.publishes) {
    publishes[topic] = {{"events", lag.items}, {"seconds", lag.seconds}};
  }
  for (const auto& [method, of] : vitals.calls) {
    calls[method] = {{"per_second", of.per_second},
                     {"errors_per_second", of.errors_per_second},
                     {"p50_ms", of.p50_ms},
                     {"p99_ms", of.p99_ms}};
  }
  return {{"up_seconds", vitals.up_seconds},
          {"cpu_percent", vitals.cpu_percent},
          {"resident_mb", vitals.resident_mb},
          {"queued", vitals.queued},
          {"commands_per_second", vitals.commands_per_second},
          {"batches_per_second", vitals.batches_per_second},
          {"commands_per_batch", vitals.commands_per_batch},
          {"restarts_per_second", vitals.restarts_per_second},
          {"retries_per_second", vitals.retries_per_second},
          {"data_errors_per_second", vitals.data_errors_per_second},
          {"phase_ms", vitals.phase_ms},
          {"reads", reads},
          {"publishes", publishes},
          {"calls", calls},
          {"refusals_per_second", vitals.refusals_per_second},
          {"gauges", vitals.gauges}};
}

void ShowJson(const Instances& instances) {
  Json json = Json::object();
  for (const auto& [name, instance] : instances) {
    json[name] = instance.vitals.ok() ? ToJson(*instance.vitals)
                                      : Json{{"error", std::string(instance.vitals.status().message())}};
  }
  Print(json.dump() + "\n");
}

void ShowTables(const Instances& instances, bool clear) {
  const std::string time = absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::Now(), absl::UTCTimeZone());
  Print(absl::StrCat(clear ? kHomeAndClear : "", "tessera top  ", time, "\n\n", ProcessTable(instances),
                     PhaseTable(instances), LagTable(instances), CallTable(instances), Attention(instances)));
}

absl::StatusOr<int> Top(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const auto addresses, stack.MetricsAddresses());
  TESSERA_ASSIGN_OR_RETURN(const int64_t every, arguments.Number("every", 2, 1, 3'600));
  TESSERA_ASSIGN_OR_RETURN(const int64_t looks, arguments.Number("looks", 0, 1, 1'000'000));
  Instances instances;
  for (const auto& [name, address] : addresses) instances[name].address = address;
  LookAtAll(instances);
  for (int64_t look = 0; (looks == 0 || look < looks) && std::ferror(stdout) == 0; ++look) {
    absl::SleepFor(absl::Seconds(every));
    LookAtAll(instances);
    if (arguments.Has("json")) {
      ShowJson(instances);
    } else {
      ShowTables(instances, isatty(STDOUT_FILENO) != 0);
    }
    std::fflush(stdout);
  }
  const bool all_answer =
      std::all_of(instances.begin(), instances.end(), [](const auto& instance) { return instance.second.vitals.ok(); });
  return all_answer ? 0 : 1;
}

}  // namespace

std::vector<Command> TopCommands() {
  return {{{.words = "top",
            .summary = "Shows what the instances measure of themselves, again and again.",
            .options = {MetricsOption(),
                        {"every", "SECONDS", "how often it looks; rates are of that time (2)"},
                        {"looks", "N", "ends after so many, with 1 if an instance did not answer the last (Ctrl-C)"}},
            .example = "top --every 5"},
           &Top}};
}

}  // namespace tessera::cli
