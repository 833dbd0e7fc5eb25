// Both services with fresh databases and topics of their own, one brand "shop" with the pet program. For tests that
// tell stories through channel events and calls.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "events/cloud_event.h"
#include "kafka/producer.h"
#include "rpc/client.h"
#include "tessera/events/v1/channel_event.pb.h"
#include "tessera/membership/v1/member_service.pb.h"
#include "tessera/ops/v1/operations_service.pb.h"
#include "testing/postgres.h"
#include "testing/process.h"

namespace tessera::e2e {

inline constexpr char kBrand[] = "shop";
inline constexpr char kKey[] = "key";  // of the records that stand in one partition
inline constexpr char kOps[] = "tessera.ops.v1.OperationsService/";

class Suite : public ::testing::Test {
 protected:
  Suite();

  void SetUp() override;

  // Any call with a token that may do everything.
  template <class Response, class Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request) {
    const bool oneid = method.starts_with("tessera.oneid.");
    return (oneid ? *oneid_client_ : *membership_client_).Call<Request, Response>(method, request, {.token = token_});
  }
  template <class Response, class Request>
  absl::StatusOr<Response> CallOneid(const std::string& method, const Request& request) {
    return oneid_client_->Call<Request, Response>(method, request, {.token = token_});
  }

  // A brand of its own group, with the pet program.
  void PutBrand(const std::string& brand);

  // A CloudEvent of channel "jd" around `event`; the identifier jd_pin = account is added.
  events::CloudEvent Cloud(const std::string& id, const std::string& account, events::v1::ChannelEvent event,
                           const std::string& payload);
  // order_paid with lines of (pieces, pence).
  events::CloudEvent Paid(const std::string& account, const std::string& order,
                          const std::vector<std::pair<int64_t, int64_t>>& lines);
  events::CloudEvent Refunded(const std::string& account, const std::string& order, int line, int64_t pieces,
                              const std::string& id = "");
  // To the channel topic, under the key of the account that Cloud() took last.
  void Publish(const events::CloudEvent& event, const std::string& key = "key");
  void PublishRaw(const std::string& value, const std::string& key = kKey,
                  const std::vector<kafka::Header>& headers = {});

  // Waits until the only member of the brand has so many points in all; the last seen otherwise.
  int64_t AwaitPoints(int64_t points, const std::string& brand = kBrand);
  // Waits until `service` has so many dead letters; the newest first.
  std::vector<ops::v1::DeadLetterSummary> AwaitDeadLetters(const std::string& service, size_t count);
  // Waits until so many events wait in `service`; their keys.
  std::vector<std::string> AwaitWaiting(const std::string& service, size_t count);

  rpc::Client& client(const std::string& service) { return service == "oneid" ? *oneid_client_ : *membership_client_; }

  const std::string prefix_;
  testing::TestDatabase oneid_database_, membership_database_;
  std::unique_ptr<testing::ServiceProcess> oneid_, membership_;
  std::unique_ptr<rpc::Client> oneid_client_, membership_client_;
  std::unique_ptr<kafka::Producer> producer_;
  const std::string token_;
};

}  // namespace tessera::e2e
