#include "engine/operations.h"

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/crypto.h"
#include "base/hex.h"
#include "base/proto_time.h"
#include "base/status.h"
#include "engine/stored_record.h"
#include "rpc/paging.h"
#include "tessera/ops/v1/operations_service.pb.h"

namespace tessera::engine {
namespace {

using pg::Bytes;
using pg::Statement;
namespace ops = ::tessera::ops::v1;

constexpr std::string_view kService = "tessera.ops.v1.OperationsService/";
constexpr int kViolationsShown = 10;

std::string Method(std::string_view name) { return std::string(kService) + std::string(name); }

absl::StatusOr<int64_t> PositionOf(const rpc::Page& page, int64_t first) {
  int64_t position = first;
  if (!page.position.empty() && !absl::SimpleAtoi(page.position, &position)) {
    return InvalidField("page_token", "is of no response", "PAGE_TOKEN_INVALID");
  }
  return position;
}

absl::StatusOr<ops::ListWaitingResponse> ListWaiting(pg::Tx& tx, const ops::ListWaitingRequest& request) {
  static constexpr Statement kList = {
      "list_waiting",
      "SELECT waiting_id, wait_key, brand_id, event_id, posted_time, until_time, topic, partition, record_offset "
      "FROM waiting WHERE waiting_id > $1 ORDER BY waiting_id LIMIT $2"};
  static constexpr Statement kCount = {"count_waiting", "SELECT count(*) FROM waiting"};
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  TESSERA_ASSIGN_OR_RETURN(const int64_t position, PositionOf(page, 0));
  ops::ListWaitingResponse response;
  for (const pg::Row row : tx.Run(kList, position, page.size)) {
    auto* event = response.add_events();
    event->set_waiting_id(row.Get<int64_t>(0));
    event->set_wait_key(row.Get<std::string>(1));
    event->set_brand_id(row.Get<std::string>(2));
    event->set_event_id(row.Get<std::string>(3));
    *event->mutable_posted_time() = ToTimestamp(row.Get<absl::Time>(4));
    const auto until = row.Get<absl::Time>(5);
    if (until != absl::InfiniteFuture()) *event->mutable_until_time() = ToTimestamp(until);
    event->set_topic(row.Get<std::string>(6));
    event->set_partition(row.Get<int32_t>(7));
    event->set_offset(row.Get<int64_t>(8));
  }
  if (response.events_size() == page.size) {
    const int64_t last = response.events(page.size - 1).waiting_id();
    response.set_next_page_token(rpc::NextPageToken(request, std::to_string(last)));
  }
  for (const pg::Row row : tx.Run(kCount)) response.set_total_count(row.Get<int64_t>(0));
  return response;
}

absl::StatusOr<ops::ListParkedResponse> ListParked(pg::Tx& tx, const ops::ListParkedRequest& request) {
  static constexpr Statement kList = {
      "list_parked",
      "SELECT parked_id, reason, topic, partition, record_offset, record_key, posted_time FROM parked "
      "WHERE parked_id > $1 ORDER BY parked_id LIMIT $2"};
  static constexpr Statement kCount = {"count_parked", "SELECT count(*) FROM parked"};
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  TESSERA_ASSIGN_OR_RETURN(const int64_t position, PositionOf(page, 0));
  ops::ListParkedResponse response;
  for (const pg::Row row : tx.Run(kList, position, page.size)) {
    auto* record = response.add_records();
    record->set_parked_id(row.Get<int64_t>(0));
    record->set_reason(row.Get<std::string>(1));
    record->set_topic(row.Get<std::string>(2));
    record->set_partition(row.Get<int32_t>(3));
    record->set_offset(row.Get<int64_t>(4));
    record->set_key_hash(ToHex(Sha256(row.Get<Bytes>(5).value)).substr(0, 16));
    *record->mutable_posted_time() = ToTimestamp(row.Get<absl::Time>(6));
  }
  if (response.records_size() == page.size) {
    const int64_t last = response.records(page.size - 1).parked_id();
    response.set_next_page_token(rpc::NextPageToken(request, std::to_string(last)));
  }
  for (const pg::Row row : tx.Run(kCount)) response.set_total_count(row.Get<int64_t>(0));
  return response;
}

// The columns of a DeadLetterSummary, in its order.
#define TESSERA_DEAD_LETTER_COLUMNS                                                                            \
  "dead_letter_id, brand_id, event_id, reason, field, message, topic, partition, record_offset, posted_time, " \
  "replayed_time"

void ReadSummary(const pg::Row& row, ops::DeadLetterSummary& out) {
  out.set_dead_letter_id(row.Get<int64_t>(0));
  out.set_brand_id(row.Get<std::string>(1));
  out.set_event_id(row.Get<std::string>(2));
  out.set_reason(row.Get<std::string>(3));
  out.set_field(row.Get<std::string>(4));
  out.set_message(row.Get<std::string>(5));
  out.set_topic(row.Get<std::string>(6));
  out.set_partition(row.Get<int32_t>(7));
  out.set_offset(row.Get<int64_t>(8));
  *out.mutable_posted_time() = ToTimestamp(row.Get<absl::Time>(9));
  if (const auto replayed = row.Get<std::optional<absl::Time>>(10))
    *out.mutable_replayed_time() = ToTimestamp(*replayed);
}

absl::StatusOr<ops::ListDeadLettersResponse> ListDeadLetters(pg::Tx& tx, const ops::ListDeadLettersRequest& request) {
  static constexpr Statement kList = {
      "list_dead_letters",
      "SELECT " TESSERA_DEAD_LETTER_COLUMNS
      " FROM dead_letter WHERE dead_letter_id < $1 AND ($3 = '' OR brand_id = $3) AND ($4 = '' OR reason = $4) "
      "ORDER BY dead_letter_id DESC LIMIT $2"};
  static constexpr Statement kCount = {
      "count_dead_letters",
      "SELECT count(*) FROM dead_letter WHERE ($1 = '' OR brand_id = $1) AND ($2 = '' OR reason = $2)"};
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  TESSERA_ASSIGN_OR_RETURN(const int64_t position, PositionOf(page, INT64_MAX));
  ops::ListDeadLettersResponse response;
  for (const pg::Row row : tx.Run(kList, position, page.size, request.brand_filter(), request.reason_filter())) {
    ReadSummary(row, *response.add_dead_letters());
  }
  if (response.dead_letters_size() == page.size) {
    const int64_t last = response.dead_letters(page.size - 1).dead_letter_id();
    response.set_next_page_token(rpc::NextPageToken(request, std::to_string(last)));
  }
  for (const pg::Row row : tx.Run(kCount, request.brand_filter(), request.reason_filter())) {
    response.set_total_count(row.Get<int64_t>(0));
  }
  return response;
}

absl::StatusOr<ops::GetDeadLetterResponse> GetDeadLetter(pg::Tx& tx, const ops::GetDeadLetterRequest& request,
                                                         const std::string& wrapping_key) {
  static constexpr Statement kGet = {
      "get_dead_letter", "SELECT " TESSERA_DEAD_LETTER_COLUMNS ", record FROM dead_letter WHERE dead_letter_id = $1"};
  const pg::Rows rows = tx.Run(kGet, request.dead_letter_id());
  if (rows.empty()) return NumberUnknown("there is no such dead letter");
  ops::GetDeadLetterResponse response;
  ReadSummary(rows[0], *response.mutable_summary());
  const auto kept = OpenRecord(wrapping_key, rows[0].Get<Bytes>(11).value);
  if (!kept) return absl::DataLossError("the record cannot be opened with this deployment's key");
  response.set_left_out_bytes(kept->left_out_bytes);
  response.set_key(kept->record.key.value_or(""));
  response.set_value(kept->record.value.value_or(""));
  for (const auto& header : kept->record.headers) {
    auto* out = response.add_headers();
    out->set_name(header.name);
    out->set_value(header.value);
  }
  return response;
}

absl::StatusOr<ops::RunChecksResponse> RunChecks(pg::Tx& tx, const std::vector<EmbeddedFile>& checks) {
  ops::RunChecksResponse response;
  for (const EmbeddedFile& check : checks) {
    std::string name(check.name.substr(check.name.find('/') + 1));
    name.resize(name.size() - std::string_view(".sql").size());
    // The statement's name must live as long as its session, as the embedded file does.
    auto* result = response.add_checks();
    result->set_name(name);
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): both are string literals
    const pg::Rows rows = tx.Run({check.name.data(), check.content.data()});
    result->set_violation_count(rows.size());
    for (int i = 0; i < std::min(rows.size(), kViolationsShown); ++i) {
      auto* violation = result->add_violations();
      violation->set_brand_id(rows[i].Get<std::string>(0));
      violation->set_subject(rows[i].Get<std::string>(1));
      violation->set_detail(rows[i].Get<std::string>(2));
    }
  }
  return response;
}

absl::StatusOr<ops::GetProgressResponse> GetProgress(pg::Tx& tx, const LogTopics& topics) {
  static constexpr Statement kMarks = {
      "progress_marks", "SELECT topic, partition, next_offset FROM consumer_mark ORDER BY topic, partition"};
  static constexpr Statement kSlots = {
      "progress_slots",
      "SELECT s.log, s.slot, s.next_seq, c.next_seq FROM slot s JOIN relay_cursor c USING (log, slot) "
      "WHERE s.next_seq > 0 ORDER BY s.log, s.slot"};
  static constexpr Statement kCounts = {"progress_counts",
                                        "SELECT (SELECT count(*) FROM waiting), (SELECT count(*) FROM parked), "
                                        "(SELECT count(*) FROM timer WHERE due_time <= now())"};
  ops::GetProgressResponse response;
  for (const pg::Row row : tx.Run(kMarks)) {
    auto* consumed = response.add_consumed();
    consumed->set_topic(row.Get<std::string>(0));
    consumed->set_partition(row.Get<int32_t>(1));
    consumed->set_next_offset(row.Get<int64_t>(2));
  }
  for (const pg::Row row : tx.Run(kSlots)) {
    auto* published = response.add_published();
    published->set_topic(topics[static_cast<size_t>(row.Get<int16_t>(0))]);
    published->set_slot(row.Get<int32_t>(1));
    published->set_next_seq(row.Get<int64_t>(2));
    published->set_relayed_seq(row.Get<int64_t>(3));
  }
  for (const pg::Row row : tx.Run(kCounts)) {
    response.set_waiting_count(row.Get<int64_t>(0));
    response.set_parked_count(row.Get<int64_t>(1));
    response.set_due_timer_count(row.Get<int64_t>(2));
  }
  return response;
}

absl::StatusOr<ops::DropParkedResponse> DropParked(pg::Tx& tx, const ops::DropParkedRequest& request) {
  static constexpr Statement kDrop = {"drop_parked", "DELETE FROM parked WHERE parked_id = $1"};
  const int64_t dropped = tx.Run(kDrop, request.parked_id()).affected();
  if (!tx.ok()) return tx.status();
  if (dropped == 0) return NumberUnknown("there is no such parked record");
  return ops::DropParkedResponse();
}

// A stored record as work for a writer; the statement answers the sealed record and, for waiting events, the refusal.
absl::StatusOr<Work> StoredWork(pg::Tx& tx, const Statement& statement, StoredOrigin::Kind kind, int64_t id,
                                const std::string& wrapping_key) {
  const pg::Rows rows = tx.Run(statement, id);
  if (!tx.ok()) return tx.status();
  if (rows.empty()) return NumberUnknown("there is nothing with this number");
  auto kept = OpenRecord(wrapping_key, rows[0].Get<Bytes>(0).value);
  if (!kept) return absl::DataLossError("the record cannot be opened with this deployment's key");
  if (kept->left_out_bytes > 0) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     absl::StrCat("the record has ", kept->left_out_bytes, " bytes, which are in its topic only"),
                     {"RECORD_NOT_KEPT", "tessera", {}});
  }
  Work work;
  work.cause.time = kept->record.timestamp;
  StoredOrigin origin{kind, id, std::move(kept->record), {}, {}};
  if (kind == StoredOrigin::Kind::kDropped) {
    origin.refusal = MakeError(absl::StatusCode::kFailedPrecondition, "dropped by an operator",
                               {"DROPPED_BY_OPERATOR", "tessera", {}});
    work.cause.brand = rows[0].Get<std::string>(1);
    work.cause.id = work.cause.correlation_id = rows[0].Get<std::string>(2);
  }
  work.origin = std::move(origin);
  return work;
}

}  // namespace

void RegisterOperations(ApiBinding& api, OperationsConfig config) {
  static constexpr Statement kWaiting = {"waiting_record",
                                         "SELECT record, brand_id, event_id FROM waiting WHERE waiting_id = $1"};
  static constexpr Statement kParked = {"parked_record", "SELECT record FROM parked WHERE parked_id = $1"};
  static constexpr Statement kDeadLetter = {
      "dead_letter_record", "SELECT record FROM dead_letter WHERE dead_letter_id = $1 AND replayed_time IS NULL"};
  const auto shared = std::make_shared<const OperationsConfig>(std::move(config));
  api.Query(Method("ListWaiting"), &ListWaiting);
  api.Query(Method("ListParked"), &ListParked);
  api.Query(Method("ListDeadLetters"), &ListDeadLetters);
  api.Query(Method("DropParked"), &DropParked);
  api.QueryWith<ops::GetDeadLetterRequest, ops::GetDeadLetterResponse>(
      Method("GetDeadLetter"),
      [shared](pg::Tx& tx, const auto& request) { return GetDeadLetter(tx, request, shared->wrapping_key); });
  api.QueryWith<ops::RunChecksRequest, ops::RunChecksResponse>(
      Method("RunChecks"), [shared](pg::Tx& tx, const auto&) { return RunChecks(tx, shared->checks); });
  api.QueryWith<ops::GetProgressRequest, ops::GetProgressResponse>(
      Method("GetProgress"), [shared](pg::Tx& tx, const auto&) { return GetProgress(tx, shared->topics); });
  api.Stored<ops::DropWaitingRequest>(Method("DropWaiting"), [shared](pg::Tx& tx, const auto& request) {
    return StoredWork(tx, kWaiting, StoredOrigin::Kind::kDropped, request.waiting_id(), shared->wrapping_key);
  });
  api.Stored<ops::RetryParkedRequest>(Method("RetryParked"), [shared](pg::Tx& tx, const auto& request) {
    return StoredWork(tx, kParked, StoredOrigin::Kind::kParked, request.parked_id(), shared->wrapping_key);
  });
  api.Stored<ops::ReplayDeadLetterRequest>(Method("ReplayDeadLetter"), [shared](pg::Tx& tx, const auto& request) {
    return StoredWork(tx, kDeadLetter, StoredOrigin::Kind::kDeadLetter, request.dead_letter_id(), shared->wrapping_key);
  });
}

}  // namespace tessera::engine
