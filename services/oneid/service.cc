#include "services/oneid/service.h"

#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "engine/service_of.h"
#include "services/oneid/api/admin_api.h"
#include "services/oneid/api/identity_api.h"
#include "services/oneid/api/intake_api.h"
#include "services/oneid/api/merge_api.h"
#include "services/oneid/consumers/channel_events.h"
#include "services/oneid/consumers/merge_answers.h"
#include "services/oneid/domain/domain.h"
#include "services/oneid/events/publish.h"
#include "services/oneid/store/discover.h"
#include "services/oneid/store/load.h"
#include "services/oneid/store/reads.h"
#include "services/oneid/store/save.h"
#include "services/oneid/store/vault.h"

namespace tessera::oneid {
namespace {

struct Oneid : DomainTypes {
  static void Keys(const Command& command, Need& need) { oneid::Keys(command, need); }
  static engine::Outcome<Oneid> Decide(Tables& tables, const Command& command, absl::Time now) {
    return oneid::Decide(tables, command, now);
  }
  static bool Discover(pg::Tx& tx, Need& need) { return oneid::Discover(tx, need); }
  static void Lock(pg::Tx& tx, const Need& need) { oneid::Lock(tx, need); }
  static engine::Loaded Load(pg::Tx& tx, Need& need, Tables& tables) {
    return oneid::Load(tx, need, tables) ? engine::Loaded::kOk : engine::Loaded::kMoved;
  }
  static void Save(pg::Tx& tx, const Tables& tables, absl::Time now) { oneid::Save(tx, tables, now); }
  static std::string EncodeReply(const Command& command, const Reply& reply) {
    return oneid::EncodeReply(command, reply);
  }
  static void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out) {
    PublishFact(fact, cause, out);
  }
  static absl::Status StatusOf(Reason reason, std::string_view field, std::string_view detail);
};

absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message, std::string_view field,
                   std::string_view detail) {
  std::string text(message);
  if (!detail.empty()) text += ": " + std::string(detail);
  ErrorInfo info{std::string(reason), "oneid.tessera", {}};
  if (!field.empty()) info.metadata["field"] = field;
  return MakeError(code, text, info);
}

absl::Status Oneid::StatusOf(Reason reason, std::string_view field, std::string_view detail) {
  using enum absl::StatusCode;
  switch (reason) {
    case Reason::kEventTimeOutOfRange:
      return Error(kInvalidArgument, "EVENT_TIME_OUT_OF_RANGE", "lies before 1970 or more than 24 hours ahead", field,
                   detail);
    case Reason::kBrandUnknown:
      return Error(kNotFound, "BRAND_UNKNOWN", "no such brand", field, detail);
    case Reason::kBrandInOtherGroup:
      return Error(kFailedPrecondition, "BRAND_IN_OTHER_GROUP", "a brand cannot change its group", field, detail);
    case Reason::kRankTaken:
      return Error(kFailedPrecondition, "RANK_TAKEN", "another namespace has this rank", field, detail);
    case Reason::kNamespaceLimit:
      return Error(kResourceExhausted, "NAMESPACE_LIMIT", "the group has 200 namespaces", field, detail);
    case Reason::kMergeUnknown:
      return Error(kNotFound, "MERGE_UNKNOWN", "no such merge", field, detail);
    case Reason::kAnswerChanged:
      return Error(kFailedPrecondition, "ANSWER_CHANGED", "the service gave another answer before", field, detail);
  }
  return absl::InternalError("no such reason");
}

class OneidService final : public engine::Service {
 public:
  explicit OneidService(ServiceOptions options) : options_(std::move(options)) {}

  std::unique_ptr<engine::Batch> NewBatch() const override { return std::make_unique<engine::BatchOf<Oneid>>(); }

  absl::StatusOr<engine::Understood> FromRecord(const kafka::Record& record) const override {
    if (options_.answer_topics.contains(record.topic)) return FromAnswer(record);
    TESSERA_ASSIGN_OR_RETURN(ChannelEventCommand understood, UnderstandChannelEvent(record));
    return engine::Understood{.command = engine::MakeCommand<Oneid>(std::move(understood.event)),
                              .identity = std::move(understood.identity),
                              .cause = std::move(understood.cause)};
  }

  std::unique_ptr<engine::AnyCommand> FromTimer(const engine::TimerKey&) const override {
    CheckFailed("oneid sets no timers");
  }

 private:
  absl::StatusOr<engine::Understood> FromAnswer(const kafka::Record& record) const {
    TESSERA_ASSIGN_OR_RETURN(auto understood, UnderstandMergeAnswer(record, options_.answering_services));
    if (!understood) return engine::Understood{};
    return engine::Understood{.command = engine::MakeCommand<Oneid>(std::move(understood->answer)),
                              .identity = std::nullopt,
                              .cause = std::move(understood->cause)};
  }

  const ServiceOptions options_;
};

}  // namespace

std::unique_ptr<engine::Service> NewService(ServiceOptions options) {
  InstallKeys(options.keys);
  return std::make_unique<OneidService>(std::move(options));
}

namespace {

absl::StatusOr<engine::ApiCommand> Wrap(absl::StatusOr<ApiCall> call) {
  if (!call.ok()) return call.status();
  return engine::ApiCommand{.command = engine::MakeCommand<Oneid>(std::move(call->command)),
                            .brand = call->brand,
                            .request_id = call->request_id,
                            .route = call->brand.value};
}

// Answers the requests that make a query by one read of all of them, each in its place.
template <class Response, class Request, class MakeQuery, class ReadAll, class Respond>
std::vector<absl::StatusOr<Response>> ReadEach(const std::vector<const Request*>& requests, MakeQuery make_query,
                                               ReadAll read_all, Respond respond, const absl::Status& unknown) {
  using Query = typename std::decay_t<decltype(make_query(*requests[0]))>::value_type;
  std::vector<absl::StatusOr<Response>> answers;
  std::vector<Query> queries;
  std::vector<size_t> places;
  for (const Request* request : requests) {
    auto query = make_query(*request);
    answers.emplace_back(query.ok() ? unknown : query.status());
    if (!query.ok()) continue;
    queries.push_back(*std::move(query));
    places.push_back(answers.size() - 1);
  }
  if (queries.empty()) return answers;
  const auto views = read_all(queries);
  for (size_t i = 0; i < views.size(); ++i) {
    if (views[i]) answers[places[i]] = respond(*views[i], *requests[places[i]]);
  }
  return answers;
}

absl::Status CustomerUnknown() { return Unknown("CUSTOMER_UNKNOWN", "the brand's group has no such customer"); }

// Pages of a customer's identifiers, made by Respond.
template <class Request, class Response, absl::StatusOr<Response> (*Respond)(const CustomerView&, const Request&)>
std::vector<absl::StatusOr<Response>> ReadIdentifierPages(pg::Tx& tx, const std::vector<const Request*>& requests) {
  return ReadEach<Response>(
      requests, [](const Request& r) { return CustomerQueryOf(r.brand_id(), r.customer_id()); },
      [&](const std::vector<CustomerQuery>& queries) { return ReadCustomerViews(tx, queries); }, Respond,
      CustomerUnknown());
}

std::vector<absl::StatusOr<v1::ResolveIdentifiersResponse>> ResolveIdentifiers(
    pg::Tx& tx, const std::vector<const v1::ResolveIdentifiersRequest*>& requests) {
  const absl::Time now = Clock::System().Now();
  return ReadEach<v1::ResolveIdentifiersResponse>(
      requests, [&](const v1::ResolveIdentifiersRequest& r) { return OwnersQueryOf(r, now); },
      [&](const std::vector<OwnersQuery>& queries) { return ReadOwners(tx, queries); },
      [](const std::vector<OwnerView>& owners, const v1::ResolveIdentifiersRequest&) { return OwnersResponse(owners); },
      BrandUnknown());
}

std::vector<absl::StatusOr<v1::GetCustomerResponse>> GetCustomer(
    pg::Tx& tx, const std::vector<const v1::GetCustomerRequest*>& requests) {
  const absl::Time now = Clock::System().Now();
  return ReadEach<v1::GetCustomerResponse>(
      requests, [](const v1::GetCustomerRequest& r) { return CustomerQueryOf(r.brand_id(), r.customer_id()); },
      [&](const std::vector<CustomerQuery>& queries) { return ReadCustomerViews(tx, queries); },
      [&](const CustomerView& view, const v1::GetCustomerRequest&) { return CustomerResponse(view, now); },
      CustomerUnknown());
}

std::vector<absl::StatusOr<v1::ExplainResolutionResponse>> ExplainResolution(
    pg::Tx& tx, const std::vector<const v1::ExplainResolutionRequest*>& requests) {
  return ReadEach<v1::ExplainResolutionResponse>(
      requests, [](const v1::ExplainResolutionRequest& r) { return EventQueryOf(r); },
      [&](const std::vector<EventQuery>& queries) { return ReadEvents(tx, queries); },
      [](const EventView& view, const v1::ExplainResolutionRequest&) { return ExplainResponse(view); },
      Unknown("EVENT_UNKNOWN", "no such event was resolved"));
}

absl::StatusOr<GroupConfigPtr> ConfigOf(pg::Tx& tx, std::string_view brand_id) {
  TESSERA_ASSIGN_OR_RETURN(const BrandId brand, BrandField(brand_id));
  GroupConfigPtr config = ReadConfig(tx, brand);
  if (config == nullptr) return BrandUnknown();
  return config;
}

absl::StatusOr<v1::GetMergeResponse> GetMerge(pg::Tx& tx, const v1::GetMergeRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const GroupConfigPtr config, ConfigOf(tx, request.brand_id()));
  TESSERA_ASSIGN_OR_RETURN(const MergeId id, IdField<MergeId>(request.merge_id(), "merge_id"));
  const std::vector<MergeView> views = ReadMerges(tx, {id});
  if (views.empty() || views[0].merge.group != config->id) {
    return Unknown("MERGE_UNKNOWN", "the brand's group has no such merge");
  }
  v1::GetMergeResponse response;
  *response.mutable_merge() = ToProto(views[0]);
  return response;
}

absl::StatusOr<v1::ListMergesResponse> ListMergesOf(pg::Tx& tx, const v1::ListMergesRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const MergesQuery query, MergesQueryOf(request));
  TESSERA_ASSIGN_OR_RETURN(const GroupConfigPtr config, ConfigOf(tx, request.brand_id()));
  const auto views = ListMerges(tx, config->id, query.state, query.after, int64_t{query.size} + 1);
  return MergesPage(request, views, query.size);
}

absl::StatusOr<v1::ListNamespacesResponse> ListNamespaces(pg::Tx& tx, const v1::ListNamespacesRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const GroupConfigPtr config, ConfigOf(tx, request.brand_id()));
  if (request.rule_version() == 0 || request.rule_version() == config->rule_version) {
    return NamespacesPage(request, config->namespaces, config->rule_version);
  }
  return NamespacesPage(request, ReadNamespaces(tx, config->id, request.rule_version()), request.rule_version());
}

absl::StatusOr<v1::GetStatisticsResponse> GetStatistics(pg::Tx& tx, const v1::GetStatisticsRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const GroupConfigPtr config, ConfigOf(tx, request.brand_id()));
  return ToProto(ReadStatistics(tx, {request.brand_id()}, config->id), Clock::System().Now());
}

}  // namespace

void RegisterIntake(rpc::Server& server, std::shared_ptr<EventSink> sink) {
  // What the consumer would refuse is refused here already, so that the caller learns of it.
  RegisterIntakeApi(server, std::move(sink),
                    [](const kafka::Record& record) { return UnderstandChannelEvent(record).status(); });
}

void RegisterApi(engine::Api& api) {
  api.Command<v1::PutBrandGroupRequest>("tessera.oneid.v1.AdminService/PutBrandGroup",
                                        [](const auto& request) { return Wrap(PutBrandGroupCall(request)); });
  api.Command<v1::PutNamespaceRequest>("tessera.oneid.v1.AdminService/PutNamespace",
                                       [](const auto& request) { return Wrap(PutNamespaceCall(request)); });
  api.Query("tessera.oneid.v1.AdminService/ListNamespaces", &ListNamespaces);
  api.Query("tessera.oneid.v1.AdminService/GetStatistics", &GetStatistics);
  api.Read("tessera.oneid.v1.IdentityService/ResolveIdentifiers", &ResolveIdentifiers);
  api.Read("tessera.oneid.v1.IdentityService/GetCustomer", &GetCustomer);
  api.Read("tessera.oneid.v1.IdentityService/ListIdentifiers",
           &ReadIdentifierPages<v1::ListIdentifiersRequest, v1::ListIdentifiersResponse, &ListResponse>);
  api.Read("tessera.oneid.v1.IdentityService/RevealIdentifiers",
           &ReadIdentifierPages<v1::RevealIdentifiersRequest, v1::RevealIdentifiersResponse, &RevealResponse>);
  api.Read("tessera.oneid.v1.IdentityService/ExplainResolution", &ExplainResolution);
  api.Query("tessera.oneid.v1.MergeService/GetMerge", &GetMerge);
  api.Query("tessera.oneid.v1.MergeService/ListMerges", &ListMergesOf);
}

std::vector<engine::PartitionedTable> PartitionedTables() {
  return {{.name = "identifier_event", .period = engine::PartitionPeriod::kMonth}};
}

std::vector<engine::ObservedGauge> Gauges() {
  return {{"tessera_open_merges",
           "Merges that not every service has answered",
           {"observe_open_merges", "SELECT count(*) FROM merge WHERE state <> 2 AND state = 1"}},
          {"tessera_open_merges_oldest_seconds",
           "Age of the oldest open merge",
           {"observe_oldest_merge",
            "SELECT extract(epoch FROM now() - min(posted_time))::int8 FROM merge WHERE state <> 2 AND state = 1"}},
          {"tessera_mismatched_merges",
           "Merges whose answers do not add up",
           {"observe_mismatched_merges", "SELECT count(*) FROM merge WHERE state <> 2 AND state = 3"}}};
}

}  // namespace tessera::oneid
