#include "services/sample/api/activity_api.h"

#include "base/status.h"
#include "services/sample/service.h"
#include "services/sample/store/activity_store.h"
#include "tessera/sample/v1/activity_service.pb.h"

namespace tessera::sample {
namespace {

absl::StatusOr<ActivityKey> KeyOf(const std::string& customer_id, const std::string& brand_id) {
  const auto customer = CustomerId::Parse(customer_id);
  if (!customer) return InvalidField("customer_id", "must be a UUID");
  return ActivityKey{*customer, {brand_id}};
}

std::vector<absl::StatusOr<v1::GetActivityResponse>> GetActivity(
    pg::Tx& tx, const std::vector<const v1::GetActivityRequest*>& requests) {
  std::set<ActivityKey> keys;
  for (const auto* request : requests) {
    if (auto key = KeyOf(request->customer_id(), request->brand_id()); key.ok()) keys.insert(*key);
  }
  const auto found = FindActivities(tx, keys);
  std::vector<absl::StatusOr<v1::GetActivityResponse>> responses;
  for (const auto* request : requests) {
    const auto key = KeyOf(request->customer_id(), request->brand_id());
    if (!key.ok()) {
      responses.emplace_back(key.status());
    } else if (auto activity = found.find(*key); activity == found.end()) {
      responses.emplace_back(StatusOf(Reason::kCustomerUnknown, "customer_id"));
    } else {
      v1::GetActivityResponse response;
      response.set_event_count(activity->second.event_count);
      response.mutable_last_event_time()->set_seconds(absl::ToUnixSeconds(activity->second.last_event_time));
      responses.emplace_back(std::move(response));
    }
  }
  return responses;
}

absl::StatusOr<engine::ApiCommand> ResetActivityCommand(const v1::ResetActivityRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const ActivityKey key, KeyOf(request.customer_id(), request.brand_id()));
  const auto request_id = RequestId::Parse(request.request_id());
  if (!request_id) return InvalidField("request_id", "must be a UUID");
  return engine::ApiCommand{NewCommand(ResetActivity{key}), key.brand, *request_id, key.customer.ToString()};
}

}  // namespace

void RegisterActivityApi(engine::Api& api) {
  api.Read("tessera.sample.v1.ActivityService/GetActivity", &GetActivity);
  api.Command("tessera.sample.v1.ActivityService/ResetActivity", &ResetActivityCommand);
}

}  // namespace tessera::sample
