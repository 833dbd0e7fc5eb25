#include "engine/stored_record.h"

#include "base/crypto.h"
#include "base/status.h"
#include "tessera/engine/v1/outbox.pb.h"

namespace tessera::engine {
namespace {

constexpr std::string_view kContext = "tessera.stored_record";

void SetContent(v1::StoredRecord& stored, const kafka::Record& record) {
  if (record.key) stored.set_key(*record.key);
  if (record.value) stored.set_value(*record.value);
  for (const auto& header : record.headers) {
    auto* copy = stored.add_headers();
    copy->set_name(header.name);
    copy->set_value(header.value);
  }
}

}  // namespace

absl::Status NumberUnknown(std::string_view message) {
  return MakeError(absl::StatusCode::kNotFound, message, {"NUMBER_UNKNOWN", "tessera", {}});
}

std::string SealRecord(std::string_view wrapping_key, const kafka::Record& record) {
  v1::StoredRecord stored;
  stored.set_topic(record.topic);
  stored.set_partition(record.partition);
  stored.set_offset(record.offset);
  stored.set_timestamp_us(absl::ToUnixMicros(record.timestamp));
  SetContent(stored, record);
  if (const size_t bytes = stored.ByteSizeLong(); bytes > kKeptBytesMax) {
    stored.clear_key();
    stored.clear_headers();
    stored.clear_value();
    stored.set_left_out_bytes(static_cast<int64_t>(bytes));
  }
  return SealWrapped(wrapping_key, stored.SerializeAsString(), kContext);
}

std::optional<KeptRecord> OpenRecord(std::string_view wrapping_key, std::string_view sealed) {
  const auto bytes = OpenWrapped(wrapping_key, sealed, kContext);
  v1::StoredRecord stored;
  if (!bytes || !stored.ParseFromString(*bytes)) return std::nullopt;
  KeptRecord kept;
  kept.left_out_bytes = stored.left_out_bytes();
  kafka::Record& record = kept.record;
  record.topic = stored.topic();
  record.partition = stored.partition();
  record.offset = stored.offset();
  record.timestamp = absl::FromUnixMicros(stored.timestamp_us());
  if (stored.has_key()) record.key = stored.key();
  if (stored.has_value()) record.value = stored.value();
  for (const auto& header : stored.headers()) record.headers.push_back({header.name(), header.value()});
  return kept;
}

}  // namespace tessera::engine
