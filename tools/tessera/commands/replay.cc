// tessera replay: the real shop's orders as channel events.
#include <unistd.h>

#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "engine/topic_names.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"
#include "tools/tessera/replay/publish.h"

namespace tessera::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);

absl::StatusOr<absl::CivilDay> AnchorOf(const Arguments& arguments) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone("Europe/London", &zone)) return absl::NotFoundError("the time zone data is missing");
  absl::CivilDay anchor = absl::ToCivilDay(absl::Now(), zone);
  if (arguments.Has("anchor") && !absl::ParseCivilTime(arguments.Text("anchor"), &anchor)) {
    return absl::InvalidArgumentError("--anchor must be a day, such as 2026-03-01");
  }
  return anchor;
}

absl::StatusOr<replay::PublishOptions> OptionsOf(Stack& stack, const Arguments& arguments) {
  replay::PublishOptions options;
  TESSERA_ASSIGN_OR_RETURN(options.brokers, stack.Brokers());
  TESSERA_ASSIGN_OR_RETURN(options.security, kafka::ReadSecurity(stack.kafka_properties()));
  options.topic = engine::TopicNames(stack.topic_prefix()).AtBroker("tessera.channel.events.v1");
  options.brand = arguments.Text("brand", "retail");
  TESSERA_ASSIGN_OR_RETURN(const int64_t seed, arguments.Number("seed", 0, 0, INT64_MAX));
  options.seed = static_cast<uint64_t>(seed);
  if (arguments.Has("rate") &&
      (!absl::SimpleAtod(arguments.Text("rate"), &options.rate_per_second) || !(options.rate_per_second > 0))) {
    return absl::InvalidArgumentError("--rate must be a positive number");
  }
  return options;
}

// Draws the bar on a terminal, at most ten times a second; on anything else nothing.
class Bar {
 public:
  void Draw(int64_t sent, int64_t all) {
    const absl::Time now = absl::Now();
    if (!is_terminal_ || (now - drawn_ < kRedraw && sent < all)) return;
    drawn_ = now;
    std::fprintf(stderr, "\r\x1b[K%s%s", ProgressBar("publishing", sent, all, now - start_).c_str(),
                 sent == all ? "\n" : "");
  }

 private:
  const bool is_terminal_ = isatty(STDERR_FILENO) == 1;
  const absl::Time start_ = absl::Now();
  absl::Time drawn_;
};

absl::StatusOr<int> Replay(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const absl::CivilDay anchor, AnchorOf(arguments));
  TESSERA_ASSIGN_OR_RETURN(replay::PublishOptions options, OptionsOf(stack, arguments));
  TESSERA_ASSIGN_OR_RETURN(const auto rows, replay::ReadOrderLines(arguments.words().front()));
  const replay::RetailEvents events = replay::MakeRetailEvents(rows, anchor);
  Bar bar;
  options.progress = [&bar](int64_t sent, int64_t all) { bar.Draw(sent, all); };
  TESSERA_ASSIGN_OR_RETURN(const replay::Published published, replay::Publish(events, options));
  const std::vector<std::pair<std::string, int64_t>> figures = {{"events", published.events},
                                                                {"duplicates", published.duplicates},
                                                                {"malformed", published.malformed},
                                                                {"orders", events.orders},
                                                                {"refunds", events.refunds},
                                                                {"bindings", events.bindings},
                                                                {"skipped_lines", events.skipped_lines},
                                                                {"unmatched_pieces", events.unmatched_pieces}};
  if (arguments.Has("json")) {
    Json group;
    for (const auto& [name, value] : figures) group[name] = value;
    PrintJson({{"published", group},
               {"start_unix_seconds", absl::ToDoubleSeconds(published.start - absl::UnixEpoch())},
               {"end_unix_seconds", absl::ToDoubleSeconds(published.end - absl::UnixEpoch())}});
  } else {
    Table table({{"PUBLISHED"}, {"", Table::Align::kRight}});
    for (const auto& [name, value] : figures) table.Add({name, Grouped(value)});
    Print(table.Text());
  }
  return 0;
}

}  // namespace

std::vector<Command> ReplayCommands() {
  return {{{.words = "replay",
            .summary = "Publishes the real shop's orders as channel events, with simulated accounts and phones.",
            .positionals = {{"file", "the order lines, online_retail.csv.gz"}},
            .options = {{"brand", "ID", "the brand that they are for (retail)"},
                        {"anchor", "DATE", "the day that counts as today: events end in the week before it (today)"},
                        {"seed", "N", "shuffle the partitions' interleaving by this number (the file's order)"},
                        {"rate", "N", "records a second at most (as fast as the broker takes them)"},
                        {"topic-prefix", "PREFIX", "of all topics (TESSERA_TOPIC_PREFIX; none)"}},
            .example = "replay data/online_retail.csv.gz"},
           &Replay}};
}

}  // namespace tessera::cli
