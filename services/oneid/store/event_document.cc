#include "services/oneid/store/event_document.h"

#include <cstring>

#include "base/check.h"
#include "base/crypto.h"
#include "tessera/oneid/v1/resolution.pb.h"

namespace tessera::oneid {
namespace {

std::string BytesOf(const Uuid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

}  // namespace

int64_t EventHash(const BrandId& brand, std::string_view source, std::string_view event_id) {
  const std::string digest = Sha256OfParts({brand.value, source, event_id});
  int64_t hash;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

std::string EncodeSteps(const EventRecord& record) {
  v1::ResolutionSteps document;
  for (const Step& step : record.steps) {
    v1::ResolutionStep* out = document.add_steps();
    out->set_namespace_(step.name);
    if (!step.id.is_nil()) out->set_identifier_uuid(BytesOf(step.id.uuid));
    out->set_use(static_cast<v1::IdentifierUse>(step.use));
    out->set_left_out_reason(static_cast<v1::LeftOutReason>(step.left_out));
    out->set_rule(step.rule);
    if (step.owner) out->set_owner_uuid(BytesOf(step.owner->uuid));
  }
  for (const MergeId& merge : record.merges) document.add_merge_uuids(BytesOf(merge.uuid));
  document.set_created(record.created);
  document.set_rule_version(record.rule_version);
  document.set_payload(record.payload);
  return document.SerializeAsString();
}

void DecodeSteps(std::string_view bytes, EventRecord& record) {
  v1::ResolutionSteps document;
  TESSERA_CHECK(document.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  for (const v1::ResolutionStep& step : document.steps()) {
    Step& out = record.steps.emplace_back();
    out.name = step.namespace_();
    if (const auto id = Uuid::FromBytes(step.identifier_uuid())) out.id = {*id};
    out.use = static_cast<Use>(step.use());
    out.left_out = static_cast<LeftOut>(step.left_out_reason());
    out.rule = step.rule();
    if (const auto owner = Uuid::FromBytes(step.owner_uuid())) out.owner = CustomerId{*owner};
  }
  for (const std::string& merge : document.merge_uuids()) {
    if (const auto id = Uuid::FromBytes(merge)) record.merges.push_back({*id});
  }
  record.created = document.created();
  record.rule_version = document.rule_version();
  record.payload = document.payload();
}

}  // namespace tessera::oneid
