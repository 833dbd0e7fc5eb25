#include "tests/bench/naive/resolver.h"

#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/status.h"
#include "services/oneid/consumers/channel_events.h"
#include "services/oneid/domain/domain.h"
#include "services/oneid/domain/resolution.h"
#include "services/oneid/events/publish.h"
#include "services/oneid/store/event_document.h"
#include "services/oneid/store/vault.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/earn_load.h"

namespace tessera::bench::naive {
namespace {

using oneid::PreparedIdentifier;

constexpr pg::Statement kFindEvent = {
    "naive_find_event",
    "SELECT content_hash FROM channel_event WHERE hashtextextended(event_id, hashtextextended(source, "
    "hashtextextended(brand_id, 0))) = hashtextextended($1, hashtextextended($2, hashtextextended($3, 0))) "
    "AND event_id = $1 AND source = $2 AND brand_id = $3"};
constexpr pg::Statement kFindOwners = {
    "naive_find_owners",
    "SELECT DISTINCT c.root_id FROM edge e JOIN customer c ON c.customer_id = e.customer_id WHERE e.group_id = $1 "
    "AND e.identifier_id = ANY($2) AND e.valid_from <= $3 AND e.valid_to > $3"};
constexpr pg::Statement kLockCustomer = {"naive_lock_customer",
                                         "SELECT decision_number FROM customer WHERE customer_id = $1 FOR UPDATE"};
constexpr pg::Statement kInsertCustomer = {
    "naive_insert_customer",
    "INSERT INTO customer (customer_id, group_id, root_id, anonymous, decision_number, person_key, identifier_ids) "
    "VALUES ($1, $2, $1, false, 1, $3, $4)"};
constexpr pg::Statement kInsertIdentifier = {
    "naive_insert_identifier",
    "INSERT INTO identifier (group_id, identifier_id, namespace, scope, decision_number, quarantined, shared, "
    "sealed_for, sealed_value) VALUES ($1, $2, $3, $4, 1, false, false, $5, $6)"};
constexpr pg::Statement kInsertEdge = {
    "naive_insert_edge",
    "INSERT INTO edge (group_id, identifier_id, valid_from, seq, valid_to, customer_id, namespace, scope, source, "
    "event_id, reason, rule_version, decision_number) VALUES ($1, $2, $3, 0, 'infinity', $4, $5, $6, $7, $8, 1, $9, "
    "1)"};
constexpr pg::Statement kCountCustomer = {
    "naive_count_customer",
    "INSERT INTO statistic AS s (group_id, shard, customers, anonymous_customers, merges, merges_complete, "
    "merges_mismatched, unresolved_events) VALUES ($1, pg_backend_pid() & 15, 1, 0, 0, 0, 0, 0) "
    "ON CONFLICT (group_id, shard) DO UPDATE SET customers = s.customers + 1"};
constexpr pg::Statement kInsertResolution = {
    "naive_insert_resolution",
    "INSERT INTO identifier_event (event_hash, event_time, decision_number, changed_graph, root_id, "
    "origin_customer_id, brand_id, source, event_id, steps, posted_time) "
    "VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)"};
constexpr pg::Statement kInsertEvent = {
    "naive_insert_event",
    "INSERT INTO channel_event (event_id, source, brand_id, content_hash, arrived_time) VALUES ($1, $2, $3, $4, $5)"};

// One event on its way through its transaction.
struct Resolving {
  const oneid::ResolveEventPtr& event;
  const oneid::Prepared& prepared;
  CustomerId customer{};
  bool created = false;
  int64_t decision_number = 0;
  std::vector<oneid::Fact> facts{};

  const oneid::GroupId& group() const { return prepared.config->id; }
};

absl::Status FindCustomer(pg::Tx& tx, Resolving& r) {
  std::vector<oneid::IdentifierId> ids;
  for (const PreparedIdentifier& one : r.prepared.identifiers) ids.push_back(one.id);
  const pg::Rows owners = tx.Run(kFindOwners, r.group().value, ids, r.event->time);
  if (!tx.ok()) return tx.status();
  if (owners.size() > 1) return absl::UnimplementedError("identifiers of several customers");
  r.created = owners.empty();
  if (r.created) {
    r.customer = oneid::WouldBeId(r.group(), *r.event);
    r.decision_number = 1;
    return absl::OkStatus();
  }
  r.customer = owners[0].Get<CustomerId>(0);
  const pg::Rows locked = tx.Run(kLockCustomer, r.customer);
  if (!tx.ok()) return tx.status();
  r.decision_number = locked[0].Get<int64_t>(0);
  return absl::OkStatus();
}

void CreateCustomer(pg::Tx& tx, Resolving& r) {
  const std::string key = oneid::NewPersonKey(r.group(), r.customer);
  std::vector<Uuid> ids;
  for (const PreparedIdentifier& one : r.prepared.identifiers) ids.push_back(one.id.uuid);
  tx.Run(kInsertCustomer, r.customer, r.group().value, pg::Bytes{key}, ids);
  r.facts.emplace_back(oneid::CustomerCreated{r.customer, r.group(), false});
  for (const PreparedIdentifier& one : r.prepared.identifiers) {
    const auto sealed = oneid::SealValue(r.group(), r.customer, key, one.id, one.value);
    tx.Run(kInsertIdentifier, r.group().value, one.id, one.name, one.scope, r.customer, pg::Bytes{*sealed});
    tx.Run(kInsertEdge, r.group().value, one.id, r.event->time, r.customer, one.name, one.scope, r.event->key.source,
           r.event->key.event_id, r.prepared.config->rule_version);
    r.facts.emplace_back(oneid::IdentifierAttached{one.id, one.name, r.customer, r.event->time});
  }
  tx.Run(kCountCustomer, r.group().value);
}

void NoteEvent(pg::Tx& tx, Resolving& r, absl::Time now) {
  oneid::EventRecord record;
  record.payload = r.event->payload;
  record.rule_version = r.prepared.config->rule_version;
  record.created = r.created;
  oneid::EventResolved resolved{.event = r.event, .root = r.customer, .origin = r.customer};
  for (const PreparedIdentifier& one : r.prepared.identifiers) {
    oneid::Step step{.name = one.name, .id = one.id, .use = r.created ? oneid::Use::kAttached : oneid::Use::kFound};
    if (!r.created) step.owner = r.customer;
    record.steps.push_back(std::move(step));
    resolved.identifiers.push_back({one.id, one.name});
  }
  resolved.order_source = r.event->key.source;
  const oneid::EventKey& key = r.event->key;
  tx.Run(kInsertResolution, oneid::EventHash(key.brand, key.source, key.event_id), r.event->time, r.decision_number,
         r.created, r.customer, key.brand, key.source, key.event_id, pg::Bytes{oneid::EncodeSteps(record)}, now);
  tx.Run(kInsertEvent, key.event_id, key.source, key.brand, static_cast<int64_t>(key.content_hash), now);
  r.facts.emplace_back(std::move(resolved));
}

oneid::GroupConfigPtr Config() {
  auto config = std::make_shared<oneid::GroupConfig>();
  config->id = {kBrand};
  config->rule_version = Number(*Connect(), "SELECT rule_version FROM brand_group");
  config->namespaces = oneid::BuiltInNamespaces();
  oneid::Brand brand;
  brand.id = {kBrand};
  brand.region = "GB";
  brand.time_zone = "UTC";
  brand.zone = absl::UTCTimeZone();
  config->brands = {brand};
  oneid::Stamp(*config);
  return config;
}

}  // namespace

Resolver::Resolver() : config_(std::make_shared<oneid::CompiledConfig>(Config())) {
  oneid::InstallKeys(Require(KeyFile::Load(RequiredEnvironment("TESSERA_BENCH_KEY_FILE"))));
}

absl::StatusOr<Told> Resolver::Resolve(pg::Tx& tx, const kafka::Record& record, absl::Time now) const {
  TESSERA_ASSIGN_OR_RETURN(const oneid::ChannelEventCommand command, oneid::UnderstandChannelEvent(record));
  const oneid::EventKey& key = command.event->key;
  const oneid::PreparedPtr prepared = oneid::PrepareEvent(*config_, *command.event);
  Told told{{}, command.cause};
  if (!tx.Run(kFindEvent, key.event_id, key.source, key.brand).empty()) return told;
  Resolving resolving = {command.event, *prepared};
  TESSERA_RETURN_IF_ERROR(FindCustomer(tx, resolving));
  if (resolving.created) CreateCustomer(tx, resolving);
  NoteEvent(tx, resolving, now);
  for (const oneid::Fact& fact : resolving.facts) oneid::PublishFact(fact, told.cause, told.events);
  return told;
}

}  // namespace tessera::bench::naive
