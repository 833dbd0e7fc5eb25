#include "services/membership/events/encode.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/proto_time.h"
#include "tessera/events/v1/rekeyed.pb.h"
#include "tessera/membership/v1/events.pb.h"

namespace tessera::membership::events {
namespace {

std::string TextOf(const LotId& lot) { return lot.is_nil() ? "" : lot.ToString(); }

void SetChange(const MemberFact& fact, v1::MemberChange* change) {
  change->set_brand_id(fact.brand.value);
  change->set_customer_id(fact.root.ToString());
  change->set_origin_customer_id(fact.side.ToString());
  change->set_member_seq(fact.member_seq);
  change->set_transaction_id(fact.transaction.ToString());
  for (const BalanceAfter& after : fact.balances) {
    v1::Balance& balance = *change->add_balances_after();
    balance.set_currency(after.currency);
    balance.set_available(after.available);
    balance.set_pending(after.pending);
    balance.set_held(after.held);
    balance.set_debt(after.debt);
    balance.set_balance(after.available + after.pending + after.held - after.debt);
  }
}

void SetOrder(const OrderKey& order, v1::OrderReference* to) {
  to->set_order_source(order.order_source);
  to->set_order_id(order.order_id);
}

v1::TierChanged::Cause CauseOf(TierCause cause) {
  switch (cause) {
    case TierCause::kPosting:
      return v1::TierChanged::CAUSE_POSTING;
    case TierCause::kReturn:
      return v1::TierChanged::CAUSE_RETURN;
    case TierCause::kReview:
      return v1::TierChanged::CAUSE_REVIEW;
    case TierCause::kMerge:
      return v1::TierChanged::CAUSE_MERGE;
    case TierCause::kProgram:
      return v1::TierChanged::CAUSE_PROGRAM;
  }
  return v1::TierChanged::CAUSE_UNSPECIFIED;
}

// Each overload fills its event and answers the event's name.
const char* Fill(const MemberEnrolled& from, v1::MemberEnrolled& to) {
  *to.mutable_enrolled_time() = ToTimestamp(from.enrolled_time);
  to.set_channel(from.channel);
  to.set_tier_id(from.tier_id);
  return "member_enrolled";
}

const char* Fill(const PointsEarned& from, v1::PointsEarned& to) {
  for (const AwardedPoints& award : from.awards) {
    v1::AwardedPoints& awarded = *to.add_awards();
    awarded.set_rule_id(award.rule_id);
    awarded.set_currency(award.currency);
    awarded.set_amount(award.amount);
    awarded.set_pending(award.pending);
    awarded.set_lot_id(TextOf(award.lot));
    if (award.activation != absl::InfiniteFuture()) *awarded.mutable_activation_time() = ToTimestamp(award.activation);
    if (award.expiry != absl::InfiniteFuture()) *awarded.mutable_expiry_time() = ToTimestamp(award.expiry);
  }
  if (from.order) SetOrder(*from.order, to.mutable_order());
  return "points_earned";
}

const char* Fill(const PointsActivated& from, v1::PointsActivated& to) {
  to.set_currency(from.currency);
  to.set_amount(from.amount);
  for (const LotId& lot : from.lots) to.add_lot_ids(lot.ToString());
  return "points_activated";
}

const char* Fill(const PointsHeld& from, v1::PointsHeld& to) {
  to.set_hold_id(from.hold.ToString());
  to.set_currency(from.currency);
  to.set_amount(from.amount);
  *to.mutable_expire_time() = ToTimestamp(from.end);
  return "points_held";
}

const char* Fill(const PointsCaptured& from, v1::PointsCaptured& to) {
  to.set_hold_id(from.hold.ToString());
  to.set_currency(from.currency);
  to.set_captured(from.captured);
  to.set_released(from.released);
  return "points_captured";
}

const char* Fill(const PointsReleased& from, v1::PointsReleased& to) {
  to.set_hold_id(from.hold.ToString());
  to.set_currency(from.currency);
  to.set_amount(from.amount);
  to.set_timed_out(from.timed_out);
  return "points_released";
}

const char* Fill(const PointsSpent& from, v1::PointsSpent& to) {
  to.set_spend_id(from.spend.ToString());
  to.set_currency(from.currency);
  to.set_amount(from.amount);
  return "points_spent";
}

const char* Fill(const PointsReturned& from, v1::PointsReturned& to) {
  to.set_spend_id(from.spend.ToString());
  to.set_currency(from.currency);
  to.set_amount(from.amount);
  to.set_expired(from.expired);
  return "points_returned";
}

const char* Fill(const PointsClawedBack& from, v1::PointsClawedBack& to) {
  for (const ClawedBackPoints& clawback : from.clawbacks) {
    v1::ClawedBackPoints& points = *to.add_clawbacks();
    points.set_rule_id(clawback.rule_id);
    points.set_currency(clawback.currency);
    points.set_amount(clawback.amount);
    points.set_from_pending(clawback.from_pending);
    points.set_from_available(clawback.from_available);
    points.set_debt(clawback.debt);
    points.set_forgiven(clawback.forgiven);
  }
  SetOrder(from.order, to.mutable_order());
  return "points_clawed_back";
}

const char* Fill(const PointsExpired& from, v1::PointsExpired& to) {
  to.set_currency(from.currency);
  to.set_amount(from.amount);
  for (const LotId& lot : from.lots) to.add_lot_ids(lot.ToString());
  return "points_expired";
}

const char* Fill(const PointsExpiring& from, v1::PointsExpiring& to) {
  to.set_currency(from.currency);
  to.set_amount(from.amount);
  *to.mutable_expiry_time() = ToTimestamp(from.expiry);
  return "points_expiring";
}

const char* Fill(const TierChanged& from, v1::TierChanged& to) {
  to.set_from_tier_id(from.from_id);
  to.set_to_tier_id(from.to_id);
  to.set_from_level(from.from_level);
  to.set_to_level(from.to_level);
  to.set_cause(CauseOf(from.cause));
  to.set_qualifying_sum(from.qualifying_sum);
  return "tier_changed";
}

template <class Event, class What>
void EncodeAs(const MemberFact& fact, const What& what, engine::Published& out) {
  Event event;
  SetChange(fact, event.mutable_change());
  out.type = std::string("com.tessera.membership.") + Fill(what, event) + ".v1";
  out.data = event.SerializeAsString();
}

struct Encoder {
  const MemberFact& fact;
  engine::Published& out;

  void operator()(const MemberEnrolled& what) const { EncodeAs<v1::MemberEnrolled>(fact, what, out); }
  void operator()(const PointsEarned& what) const { EncodeAs<v1::PointsEarned>(fact, what, out); }
  void operator()(const PointsActivated& what) const { EncodeAs<v1::PointsActivated>(fact, what, out); }
  void operator()(const PointsHeld& what) const { EncodeAs<v1::PointsHeld>(fact, what, out); }
  void operator()(const PointsCaptured& what) const { EncodeAs<v1::PointsCaptured>(fact, what, out); }
  void operator()(const PointsReleased& what) const { EncodeAs<v1::PointsReleased>(fact, what, out); }
  void operator()(const PointsSpent& what) const { EncodeAs<v1::PointsSpent>(fact, what, out); }
  void operator()(const PointsReturned& what) const { EncodeAs<v1::PointsReturned>(fact, what, out); }
  void operator()(const PointsClawedBack& what) const { EncodeAs<v1::PointsClawedBack>(fact, what, out); }
  void operator()(const PointsExpired& what) const { EncodeAs<v1::PointsExpired>(fact, what, out); }
  void operator()(const PointsExpiring& what) const { EncodeAs<v1::PointsExpiring>(fact, what, out); }
  void operator()(const TierChanged& what) const { EncodeAs<v1::TierChanged>(fact, what, out); }
};

engine::Published Encode(const MemberFact& fact) {
  engine::Published out;
  out.key = out.subject = fact.root.ToString();
  out.brand = fact.brand.value;
  out.time = fact.time;
  std::visit(Encoder{fact, out}, fact.what);
  return out;
}

void SetTotals(const RekeyedTotals& from, tessera::events::v1::RekeyedTotals* to) {
  to->mutable_totals()->insert(from.begin(), from.end());
}

// The same bytes for the same content, which a map's order else does not give.
std::string Deterministic(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

engine::Published Encode(const Rekeyed& fact) {
  tessera::events::v1::Rekeyed event;
  event.set_merge_id(fact.merge.ToString());
  event.set_service("membership");
  event.set_group_id(fact.group);
  SetTotals(fact.survivor_before, event.mutable_survivor_before());
  SetTotals(fact.absorbed_before, event.mutable_absorbed_before());
  SetTotals(fact.survivor_after, event.mutable_survivor_after());
  engine::Published out;
  out.log = engine::Log::kAnswers;
  out.key = fact.merge.ToString();
  out.type = "com.tessera.membership.rekeyed.v1";
  out.subject = fact.survivor.ToString();
  out.time = fact.time;
  out.data = Deterministic(event);
  return out;
}

}  // namespace

void EncodeFact(const Fact& fact, const engine::Cause&, std::vector<engine::Published>& out) {
  out.push_back(std::visit([](const auto& f) { return Encode(f); }, fact));
}

}  // namespace tessera::membership::events
