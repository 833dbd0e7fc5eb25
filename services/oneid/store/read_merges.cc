#include <map>
#include <utility>

#include "services/oneid/store/answer_document.h"
#include "services/oneid/store/reads.h"

namespace tessera::oneid {
namespace {

using pg::Statement;

// The columns of both statements below.
MergeView ViewOf(const pg::Row& row) {
  MergeView view;
  view.id = row.Get<MergeId>(0);
  view.merge.group = {row.Get<std::string>(1)};
  view.merge.survivor = row.Get<CustomerId>(2);
  view.merge.absorbed = row.Get<CustomerId>(3);
  view.merge.state = static_cast<MergeState>(row.Get<int16_t>(4));
  view.merge.time = row.Get<absl::Time>(5);
  view.merge.brand = row.Get<BrandId>(6);
  view.merge.source = row.Get<std::string>(7);
  view.merge.event_id = row.Get<std::string>(8);
  view.merge.mismatch = row.Get<std::string>(9);
  view.merge.closed_time = row.Get<std::optional<absl::Time>>(10);
  view.posted_time = row.Get<absl::Time>(11);
  return view;
}

}  // namespace

std::vector<MergeView> ReadMerges(pg::Tx& tx, const std::vector<MergeId>& merges) {
  static constexpr Statement kMerges = {
      "get_merges",
      "SELECT merge_id, group_id, survivor_id, absorbed_id, state, merge_time, brand_id, source, event_id, mismatch, "
      "closed_time, posted_time FROM merge WHERE merge_id = ANY($1)"};
  static constexpr Statement kAnswers = {
      "get_merge_answers",
      "SELECT merge_id, service, answer, posted_time FROM merge_answer WHERE merge_id = ANY($1) ORDER BY service"};
  std::map<MergeId, MergeView> views;
  const pg::Rows merge_rows = tx.Run(kMerges, merges);
  for (const auto row : merge_rows) {
    MergeView view = ViewOf(row);
    views.emplace(view.id, std::move(view));
  }
  const pg::Rows answer_rows = tx.Run(kAnswers, merges);
  for (const auto row : answer_rows) {
    auto at = views.find(row.Get<MergeId>(0));
    if (at == views.end()) continue;
    at->second.answers.push_back(
        {row.Get<std::string>(1), DecodeAnswer(row.Get<pg::Bytes>(2).value), row.Get<absl::Time>(3)});
  }
  std::vector<MergeView> answer;
  for (auto& [id, view] : views) answer.push_back(std::move(view));
  return answer;
}

std::vector<MergeView> ListMerges(pg::Tx& tx, const GroupId& group, std::optional<MergeState> state,
                                  const MergeId& after, int64_t limit) {
  static constexpr Statement kAll = {
      "list_merges",
      "SELECT merge_id, group_id, survivor_id, absorbed_id, state, merge_time, brand_id, source, event_id, mismatch, "
      "closed_time, posted_time FROM merge WHERE group_id = $1 AND merge_id > $2 ORDER BY merge_id LIMIT $3"};
  static constexpr Statement kNotComplete = {
      "list_merges_not_complete",
      "SELECT merge_id, group_id, survivor_id, absorbed_id, state, merge_time, brand_id, source, event_id, mismatch, "
      "closed_time, posted_time FROM merge WHERE group_id = $1 AND merge_id > $2 AND state <> 2 AND state = $4 "
      "ORDER BY merge_id LIMIT $3"};
  static constexpr Statement kComplete = {
      "list_merges_complete",
      "SELECT merge_id, group_id, survivor_id, absorbed_id, state, merge_time, brand_id, source, event_id, mismatch, "
      "closed_time, posted_time FROM merge WHERE group_id = $1 AND merge_id > $2 AND state = 2 "
      "ORDER BY merge_id LIMIT $3"};
  pg::Rows rows;
  if (!state) {
    rows = tx.Run(kAll, group.value, after, limit);
  } else if (*state == MergeState::kComplete) {
    rows = tx.Run(kComplete, group.value, after, limit);
  } else {
    rows = tx.Run(kNotComplete, group.value, after, limit, static_cast<int16_t>(*state));
  }
  std::vector<MergeView> views;
  for (const auto row : rows) views.push_back(ViewOf(row));
  return views;
}

StatisticsView ReadStatistics(pg::Tx& tx, const BrandId& brand, const GroupId& group) {
  static constexpr Statement kGroup = {
      "read_statistics",
      "SELECT coalesce(sum(customers), 0)::int8, coalesce(sum(anonymous_customers), 0)::int8, "
      "coalesce(sum(merges), 0)::int8, coalesce(sum(merges_complete), 0)::int8, "
      "coalesce(sum(merges_mismatched), 0)::int8, coalesce(sum(unresolved_events), 0)::int8 "
      "FROM statistic WHERE group_id = $1"};
  static constexpr Statement kCounters = {
      "read_counters",
      "SELECT brand_id, name, sum(value)::int8 FROM counter WHERE brand_id IN ($1, '') GROUP BY brand_id, name"};
  StatisticsView view;
  const pg::Rows sums = tx.Run(kGroup, group.value);
  for (const auto row : sums) {
    view.customers = row.Get<int64_t>(0);
    view.anonymous_customers = row.Get<int64_t>(1);
    view.merges = row.Get<int64_t>(2);
    view.merges_complete = row.Get<int64_t>(3);
    view.merges_mismatched = row.Get<int64_t>(4);
    view.unresolved_events = row.Get<int64_t>(5);
  }
  const pg::Rows counters = tx.Run(kCounters, brand);
  for (const auto row : counters) {
    const bool attributed = !row.Get<std::string>(0).empty();
    const std::string name = row.Get<std::string>(1);
    const int64_t value = row.Get<int64_t>(2);
    if (attributed && name == "events_accepted") view.events_accepted = value;
    if (attributed && name == "duplicates_dropped") view.duplicates_dropped = value;
    if (name == "dead_letters") (attributed ? view.dead_letters : view.dead_letters_unattributed) = value;
  }
  return view;
}

}  // namespace tessera::oneid
