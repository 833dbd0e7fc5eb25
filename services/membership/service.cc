#include "services/membership/service.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "engine/service_of.h"
#include "services/membership/api/commands.h"
#include "services/membership/api/errors.h"
#include "services/membership/api/fields.h"
#include "services/membership/api/program_document.h"
#include "services/membership/api/reads.h"
#include "services/membership/consumers/customer_topic.h"
#include "services/membership/domain/decide.h"
#include "services/membership/events/encode.h"
#include "services/membership/store/reads.h"
#include "services/membership/store/store.h"
#include "services/membership/timers/timers.h"

namespace tessera::membership {
namespace {

struct Membership : DomainTypes {
  static void Keys(const Command& command, Need& need) { membership::Keys(command, need); }
  static Outcome Decide(Tables& tables, const Command& command, absl::Time now) {
    return membership::Decide(tables, command, now);
  }
  static bool Discover(pg::Tx& tx, Need& need) { return store::Discover(tx, need); }
  static void Lock(pg::Tx& tx, const Need& need) { store::Lock(tx, need); }
  static engine::Loaded Load(pg::Tx& tx, const Need& need, Tables& tables) {
    return store::Load(tx, need, tables, &api::FromDocument);
  }
  static void Save(pg::Tx& tx, const Tables& tables, absl::Time now) { store::Save(tx, tables, now); }
  static std::string EncodeReply(const Command& command, const Reply& reply) {
    return api::EncodeReply(command, reply);
  }
  static void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out) {
    events::EncodeFact(fact, cause, out);
  }
  static absl::Status StatusOf(Reason reason, std::string_view field, std::string_view detail) {
    return api::StatusOf(reason, field, detail);
  }
};

class MembershipService final : public engine::Service {
 public:
  std::unique_ptr<engine::Batch> NewBatch() const override { return std::make_unique<engine::BatchOf<Membership>>(); }

  absl::StatusOr<engine::Understood> FromRecord(const kafka::Record& record) const override {
    auto read = consumers::ReadRecord(record);
    if (!read.ok()) return read.status();
    engine::Understood understood;
    if (read->command) understood.command = api::Wrap(*std::move(read->command));
    understood.cause = std::move(read->cause);
    return understood;
  }

  std::unique_ptr<engine::AnyCommand> FromTimer(const engine::TimerKey& key) const override {
    return api::Wrap(timers::FromTimer(key));
  }
};

// ---- reads: api says what to read, store reads it, api answers ----

template <class T>
using Result = absl::StatusOr<T>;

absl::Status CustomerUnknown() { return api::StatusOf(Reason::kCustomerUnknown, "customer_id", ""); }

std::vector<Result<v1::GetBalanceResponse>> GetBalances(pg::Tx& tx,
                                                        const std::vector<const v1::GetBalanceRequest*>& requests) {
  std::vector<MemberKey> keys;
  std::vector<absl::Status> errors;
  for (const v1::GetBalanceRequest* request : requests) {
    auto key = api::ToKey(*request);
    errors.push_back(key.status());
    if (key.ok()) keys.push_back(*std::move(key));
  }
  const auto views = store::ReadBalances(tx, keys);
  std::vector<Result<v1::GetBalanceResponse>> answers;
  auto view = views.begin();
  for (const absl::Status& error : errors) {
    if (!error.ok()) {
      answers.emplace_back(error);
      continue;
    }
    if (*view) {
      answers.emplace_back(api::ToResponse(**view));
    } else {
      answers.emplace_back(CustomerUnknown());
    }
    ++view;
  }
  return answers;
}

absl::Status BrandUnknown() { return api::StatusOf(Reason::kBrandUnknown, "brand_id", ""); }

// A filter by a currency that no version of the program has would find nothing, and not say why.
absl::Status CheckCurrency(pg::Tx& tx, const BrandId& brand, const std::string& currency) {
  if (currency.empty()) return absl::OkStatus();
  const std::vector<std::string> known = store::ReadNames(tx, brand).currencies;
  if (std::find(known.begin(), known.end(), currency) != known.end()) return absl::OkStatus();
  return api::StatusOf(Reason::kCurrencyUnknown, "currency", "");
}

Result<v1::ListEntriesResponse> ListEntries(pg::Tx& tx, const v1::ListEntriesRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const EntryFilter filter, api::ToFilter(request));
  const std::vector<CustomerId> sides = store::ReadSides(tx, filter.customer);
  if (sides.empty()) return CustomerUnknown();
  TESSERA_RETURN_IF_ERROR(CheckCurrency(tx, filter.customer.brand, filter.currency));
  return api::ToResponse(request, filter.limit, store::ReadEntries(tx, filter, sides));
}

Result<v1::ListLotsResponse> ListLots(pg::Tx& tx, const v1::ListLotsRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const LotFilter filter, api::ToFilter(request));
  const std::vector<CustomerId> sides = store::ReadSides(tx, filter.customer);
  if (sides.empty()) return CustomerUnknown();
  TESSERA_RETURN_IF_ERROR(CheckCurrency(tx, filter.customer.brand, filter.currency));
  return api::ToResponse(request, filter.limit, store::ReadLots(tx, filter, sides));
}

Result<v1::ExplainBalanceResponse> ExplainBalance(pg::Tx& tx, const v1::ExplainBalanceRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const LotFilter filter, api::ToFilter(request));
  const std::vector<CustomerId> sides = store::ReadSides(tx, filter.customer);
  if (sides.empty()) return CustomerUnknown();
  TESSERA_RETURN_IF_ERROR(CheckCurrency(tx, filter.customer.brand, filter.currency));
  ExplanationView view;
  view.root = sides.front();
  view.balance.currency = filter.currency;
  for (const BalanceView& balance : store::ReadBalances(tx, {filter.customer})[0].value_or(BalancesView()).balances) {
    if (balance.currency == filter.currency) view.balance = balance;
  }
  view.lots = store::ReadLots(tx, filter, sides);
  view.movements = store::ReadMovements(tx, filter.customer.brand, sides, view.lots);
  if (!filter.after) {
    view.others = store::ReadLotless(tx, filter.customer.brand, sides, filter.currency, filter.limit);
  }
  return api::ToResponse(request, filter.limit, std::move(view));
}

Result<v1::GetMemberResponse> GetMember(pg::Tx& tx, const v1::GetMemberRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const MemberKey key, api::ToKey(request));
  const auto view = store::ReadMember(tx, key, &api::FromDocument);
  if (!view) return CustomerUnknown();
  return api::ToResponse(*view);
}

Result<v1::ListMembersResponse> ListMembers(pg::Tx& tx, const v1::ListMembersRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const MemberFilter filter, api::ToFilter(request));
  if (!store::KnowsBrand(tx, filter.brand)) return BrandUnknown();
  if (filter.by_balance) TESSERA_RETURN_IF_ERROR(CheckCurrency(tx, filter.brand, filter.currency));
  auto views = store::ReadMembers(tx, filter, &api::FromDocument);
  if (!views) return api::StatusOf(Reason::kTierUnknown, "tier_id", "");
  return api::ToResponse(request, filter, *std::move(views));
}

Result<v1::GetStatisticsResponse> GetStatistics(pg::Tx& tx, const v1::GetStatisticsRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const BrandId brand, api::BrandField(request.brand_id()));
  const auto view = store::ReadStatistics(tx, brand, &api::FromDocument);
  if (!view) return BrandUnknown();
  return api::ToResponse(*view);
}

Result<v1::GetProgramResponse> GetProgram(pg::Tx& tx, const v1::GetProgramRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const BrandId brand, api::BrandField(request.brand_id()));
  if (request.version() < 0) return InvalidField("version", "not negative");
  const auto view = store::ReadProgramVersion(tx, brand, request.version());
  if (!view && !store::KnowsBrand(tx, brand)) return BrandUnknown();
  if (!view) return api::StatusOf(Reason::kProgramUnknown, "version", "");
  return api::ToResponse(*view);
}

Result<v1::ValidateProgramResponse> ValidateDocument(pg::Tx&, const v1::ValidateProgramRequest& request) {
  TESSERA_RETURN_IF_ERROR(api::BrandField(request.brand_id()).status());
  return api::Validate(request);
}

}  // namespace

std::unique_ptr<engine::AnyCommand> api::Wrap(Command command) {
  return engine::MakeCommand<Membership>(std::move(command));
}

std::unique_ptr<engine::Service> NewService() { return std::make_unique<MembershipService>(); }

void RegisterApi(engine::Api& api) {
  api::RegisterPointsCommands(api);
  api::RegisterProgramCommands(api);
  api.Read<v1::GetBalanceRequest, v1::GetBalanceResponse>("tessera.membership.v1.PointsService/GetBalance",
                                                          &GetBalances);
  api.Query<v1::ListEntriesRequest, v1::ListEntriesResponse>("tessera.membership.v1.PointsService/ListEntries",
                                                             &ListEntries);
  api.Query<v1::ListLotsRequest, v1::ListLotsResponse>("tessera.membership.v1.PointsService/ListLots", &ListLots);
  api.Query<v1::ExplainBalanceRequest, v1::ExplainBalanceResponse>("tessera.membership.v1.PointsService/ExplainBalance",
                                                                   &ExplainBalance);
  api.Query<v1::GetMemberRequest, v1::GetMemberResponse>("tessera.membership.v1.MemberService/GetMember", &GetMember);
  api.Query<v1::ListMembersRequest, v1::ListMembersResponse>("tessera.membership.v1.MemberService/ListMembers",
                                                             &ListMembers);
  api.Query<v1::GetStatisticsRequest, v1::GetStatisticsResponse>("tessera.membership.v1.MemberService/GetStatistics",
                                                                 &GetStatistics);
  api.Query<v1::GetProgramRequest, v1::GetProgramResponse>("tessera.membership.v1.ProgramService/GetProgram",
                                                           &GetProgram);
  api.Query<v1::ValidateProgramRequest, v1::ValidateProgramResponse>(
      "tessera.membership.v1.ProgramService/ValidateProgram", &ValidateDocument);
}

std::vector<engine::PartitionedTable> PartitionedTables() {
  return {{.name = "transfer", .period = engine::PartitionPeriod::kMonth}};
}

}  // namespace tessera::membership
