#include "services/oneid/store/answer_document.h"

#include "base/check.h"
#include "tessera/events/v1/rekeyed.pb.h"

namespace tessera::oneid {
namespace {

void Write(const RecordAnswer::Totals& totals, events::v1::RekeyedTotals* out) {
  for (const auto& [name, value] : totals) (*out->mutable_totals())[name] = value;
}

RecordAnswer::Totals Read(const events::v1::RekeyedTotals& totals) {
  return {totals.totals().begin(), totals.totals().end()};
}

}  // namespace

std::string EncodeAnswer(const AnswerKey& key, const Answer& answer) {
  events::v1::Rekeyed document;
  document.set_merge_id(key.merge.ToString());
  document.set_service(key.service);
  Write(answer.survivor_before, document.mutable_survivor_before());
  Write(answer.absorbed_before, document.mutable_absorbed_before());
  Write(answer.survivor_after, document.mutable_survivor_after());
  return document.SerializeAsString();
}

Answer DecodeAnswer(std::string_view document) {
  events::v1::Rekeyed parsed;
  TESSERA_CHECK(parsed.ParseFromArray(document.data(), static_cast<int>(document.size())));
  return {Read(parsed.survivor_before()), Read(parsed.absorbed_before()), Read(parsed.survivor_after())};
}

}  // namespace tessera::oneid
