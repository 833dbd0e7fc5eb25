#include "tools/tessera/cli/flow.h"

#include <algorithm>

namespace tessera::cli {
namespace {

const std::map<std::string, std::vector<std::string>>& TopicsRead() {
  static const auto& topics = *new std::map<std::string, std::vector<std::string>>{
      {"oneid", {"tessera.channel.events.v1", "tessera.membership.answers.v1"}},
      {"membership", {"tessera.oneid.customer.v1"}}};
  return topics;
}

}  // namespace

void Reading::SetEnds(const std::vector<int64_t>& ends) {
  end = 0;
  lag = 0;
  for (size_t partition = 0; partition < ends.size(); ++partition) {
    const auto read = next_by_partition.find(static_cast<int32_t>(partition));
    end += ends[partition];
    lag += std::max<int64_t>(0, ends[partition] - (read == next_by_partition.end() ? 0 : read->second));
  }
}

Flow FlowOf(const std::string& service, const ops::v1::GetProgressResponse& progress) {
  Flow flow;
  if (const auto topics = TopicsRead().find(service); topics != TopicsRead().end()) {
    for (const std::string& topic : topics->second) flow.reads[topic];
  }
  for (const auto& consumed : progress.consumed()) {
    Reading& reading = flow.reads[consumed.topic()];
    reading.next_by_partition[consumed.partition()] = consumed.next_offset();
    reading.next += consumed.next_offset();
  }
  for (const auto& published : progress.published()) {
    Writing& writing = flow.writes[published.topic()];
    writing.written += published.next_seq();
    writing.relayed += published.relayed_seq();
  }
  flow.waiting = progress.waiting_count();
  flow.parked = progress.parked_count();
  flow.due_timers = progress.due_timer_count();
  return flow;
}

}  // namespace tessera::cli
