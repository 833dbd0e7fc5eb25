#include "services/oneid/store/save.h"

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/oneid/store/answer_document.h"
#include "services/oneid/store/config_store.h"
#include "services/oneid/store/event_document.h"

namespace tessera::oneid {
namespace {

using pg::Bytes;
using pg::Statement;
using Texts = std::vector<std::string>;

void SavePresentations(pg::Tx& tx, const Tables& tables) {
  static constexpr Statement kSave = {
      "save_presentations",
      "INSERT INTO presentation (group_id, identifier_id, hour, customer_id, first_time, last_time) "
      "SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::timestamptz[], "
      "$6::timestamptz[]) ON CONFLICT (group_id, identifier_id, hour, customer_id) "
      "DO UPDATE SET first_time = excluded.first_time, last_time = excluded.last_time"};
  Texts groups;
  std::vector<IdentifierId> ids;
  std::vector<absl::Time> hours, first, last;
  std::vector<CustomerId> customers;
  tables.presentations.EachDirty(
      [&](const PresentationKey& key, const std::optional<Presentation>&, const std::optional<Presentation>& row) {
        groups.push_back(row->group.value);
        ids.push_back(key.identifier);
        hours.push_back(key.hour);
        customers.push_back(key.customer);
        first.push_back(row->first);
        last.push_back(row->last);
      });
  if (!ids.empty()) tx.Send(kSave, groups, ids, hours, customers, first, last);
}

void SaveActivities(pg::Tx& tx, const Tables& tables) {
  static constexpr Statement kSave = {
      "save_activities",
      "INSERT INTO activity (group_id, identifier_id, customer_id, last_day) "
      "SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::int8[]) "
      "ON CONFLICT (group_id, identifier_id, customer_id) DO UPDATE SET last_day = excluded.last_day"};
  Texts groups;
  std::vector<IdentifierId> ids;
  std::vector<CustomerId> customers;
  std::vector<int64_t> days;
  tables.activities.EachDirty(
      [&](const ActivityKey& key, const std::optional<Activity>&, const std::optional<Activity>& row) {
        groups.push_back(row->group.value);
        ids.push_back(key.identifier);
        customers.push_back(key.customer);
        days.push_back(row->last_day);
      });
  if (!ids.empty()) tx.Send(kSave, groups, ids, customers, days);
}

struct MergeColumns {
  std::vector<MergeId> ids;
  Texts groups, brands, sources, events, mismatches;
  std::vector<CustomerId> survivors, absorbed;
  std::vector<int16_t> states;
  std::vector<absl::Time> times;
  std::vector<std::optional<absl::Time>> closed;

  void Add(const MergeId& id, const Merge& row) {
    ids.push_back(id);
    groups.push_back(row.group.value);
    survivors.push_back(row.survivor);
    absorbed.push_back(row.absorbed);
    states.push_back(static_cast<int16_t>(row.state));
    times.push_back(row.time);
    brands.push_back(row.brand.value);
    sources.push_back(row.source);
    events.push_back(row.event_id);
    mismatches.push_back(row.mismatch);
    closed.push_back(row.closed_time);
  }
};

void SaveAnswers(pg::Tx& tx, const Tables& tables, absl::Time now) {
  static constexpr Statement kInsert = {"insert_merge_answers",
                                        "INSERT INTO merge_answer (merge_id, service, answer, posted_time) "
                                        "SELECT *, $4 FROM unnest($1::uuid[], $2::text[], $3::bytea[])"};
  std::vector<MergeId> merges;
  Texts services;
  std::vector<Bytes> documents;
  tables.answers.EachDirty([&](const AnswerKey& key, const std::optional<Answer>&, const std::optional<Answer>& row) {
    merges.push_back(key.merge);
    services.push_back(key.service);
    documents.push_back({EncodeAnswer(key, *row)});
  });
  if (!merges.empty()) tx.Send(kInsert, merges, services, documents, now);
}

}  // namespace

void SaveTraces(pg::Tx& tx, const Tables& tables) {
  SavePresentations(tx, tables);
  SaveActivities(tx, tables);
}

void SaveMerges(pg::Tx& tx, const Tables& tables, absl::Time now) {
  static constexpr Statement kInsert = {
      "insert_merges",
      "INSERT INTO merge (merge_id, group_id, survivor_id, absorbed_id, state, merge_time, brand_id, source, event_id, "
      "mismatch, closed_time, posted_time) SELECT *, $12 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], "
      "$5::int2[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[])"};
  static constexpr Statement kUpdate = {
      "update_merges",
      "UPDATE merge m SET state = k.state, mismatch = k.mismatch, closed_time = k.closed_time "
      "FROM unnest($1::uuid[], $2::int2[], $3::text[], $4::timestamptz[]) AS k(merge_id, state, mismatch, closed_time) "
      "WHERE m.merge_id = k.merge_id"};
  MergeColumns fresh, changed;
  tables.merges.EachDirty([&](const MergeId& id, const std::optional<Merge>& was, const std::optional<Merge>& row) {
    (was ? changed : fresh).Add(id, *row);
  });
  if (!fresh.ids.empty()) {
    tx.Send(kInsert, fresh.ids, fresh.groups, fresh.survivors, fresh.absorbed, fresh.states, fresh.times, fresh.brands,
            fresh.sources, fresh.events, fresh.mismatches, fresh.closed, now);
  }
  if (!changed.ids.empty()) tx.Send(kUpdate, changed.ids, changed.states, changed.mismatches, changed.closed);
  SaveAnswers(tx, tables, now);
}

void SaveEvents(pg::Tx& tx, const Tables& tables, absl::Time now) {
  static constexpr Statement kInsert = {
      "insert_identifier_events",
      "INSERT INTO identifier_event (event_hash, event_time, decision_number, changed_graph, root_id, "
      "origin_customer_id, brand_id, source, event_id, steps, posted_time) "
      "SELECT *, $11 FROM unnest($1::int8[], $2::timestamptz[], $3::int8[], $4::bool[], $5::uuid[], $6::uuid[], "
      "$7::text[], $8::text[], $9::text[], $10::bytea[])"};
  std::vector<int64_t> hashes, numbers;
  std::vector<absl::Time> times;
  std::vector<bool> changed;
  std::vector<std::optional<CustomerId>> roots, origins;
  Texts brands, sources, ids;
  std::vector<Bytes> steps;
  tables.events.EachDirty(
      [&](const EventKey& key, const std::optional<EventRecord>&, const std::optional<EventRecord>& row) {
        hashes.push_back(EventHash(key.brand, key.source, key.event_id));
        times.push_back(row->event_time);
        numbers.push_back(row->decision_number);
        changed.push_back(row->changed_graph);
        roots.push_back(row->root);
        origins.push_back(row->origin);
        brands.push_back(key.brand.value);
        sources.push_back(key.source);
        ids.push_back(key.event_id);
        steps.push_back({EncodeSteps(*row)});
      });
  if (!hashes.empty()) {
    tx.Send(kInsert, hashes, times, numbers, changed, roots, origins, brands, sources, ids, steps, now);
  }
}

namespace {

struct Counts {
  int64_t customers = 0, anonymous = 0, merges = 0, complete = 0, mismatched = 0, unresolved = 0;

  bool operator==(const Counts&) const = default;
};

// What the dirty rows add, by group.
std::map<GroupId, Counts> CountsOf(const Tables& tables) {
  std::map<GroupId, Counts> counts;
  tables.customers.EachDirty(
      [&](const CustomerId& id, const std::optional<Customer>& was, const std::optional<Customer>& row) {
        const int64_t plus = (row->root == id ? 1 : 0) - (was && was->root == id ? 1 : 0);
        (row->anonymous ? counts[row->group].anonymous : counts[row->group].customers) += plus;
      });
  tables.merges.EachDirty([&](const MergeId&, const std::optional<Merge>& was, const std::optional<Merge>& row) {
    Counts& group = counts[row->group];
    if (!was) ++group.merges;
    auto in = [&](MergeState state) { return (row->state == state ? 1 : 0) - (was && was->state == state ? 1 : 0); };
    group.complete += in(MergeState::kComplete);
    group.mismatched += in(MergeState::kMismatch);
  });
  tables.events.EachDirty(
      [&](const EventKey&, const std::optional<EventRecord>&, const std::optional<EventRecord>& row) {
        if (!row->root) ++counts[row->group].unresolved;
      });
  return counts;
}

}  // namespace

void SaveStatistics(pg::Tx& tx, const Tables& tables) {
  static constexpr Statement kAdd = {
      "add_statistics",
      "INSERT INTO statistic AS s (group_id, shard, customers, anonymous_customers, merges, merges_complete, "
      "merges_mismatched, unresolved_events) SELECT k.group_id, pg_backend_pid() & 15, k.customers, k.anonymous, "
      "k.merges, k.complete, k.mismatched, k.unresolved FROM unnest($1::text[], $2::int8[], $3::int8[], $4::int8[], "
      "$5::int8[], $6::int8[], $7::int8[]) AS k(group_id, customers, anonymous, merges, complete, mismatched, "
      "unresolved) ON CONFLICT (group_id, shard) DO UPDATE SET customers = s.customers + excluded.customers, "
      "anonymous_customers = s.anonymous_customers + excluded.anonymous_customers, "
      "merges = s.merges + excluded.merges, merges_complete = s.merges_complete + excluded.merges_complete, "
      "merges_mismatched = s.merges_mismatched + excluded.merges_mismatched, "
      "unresolved_events = s.unresolved_events + excluded.unresolved_events"};
  Texts groups;
  std::vector<int64_t> customers, anonymous, merges, complete, mismatched, unresolved;
  for (const auto& [group, counts] : CountsOf(tables)) {
    if (counts == Counts{}) continue;
    groups.push_back(group.value);
    customers.push_back(counts.customers);
    anonymous.push_back(counts.anonymous);
    merges.push_back(counts.merges);
    complete.push_back(counts.complete);
    mismatched.push_back(counts.mismatched);
    unresolved.push_back(counts.unresolved);
  }
  if (!groups.empty()) tx.Send(kAdd, groups, customers, anonymous, merges, complete, mismatched, unresolved);
}

void Save(pg::Tx& tx, const Tables& tables, absl::Time now) {
  SaveConfigs(tx, tables, now);
  SaveGraph(tx, tables);
  SaveTraces(tx, tables);
  SaveMerges(tx, tables, now);
  SaveEvents(tx, tables, now);
  SaveStatistics(tx, tables);
}

}  // namespace tessera::oneid
