#include "tests/bench/naive/server.h"

#include <cstdio>
#include <thread>

#include "base/bounded_queue.h"
#include "base/thread.h"
#include "rpc/server.h"
#include "services/membership/domain/rows.h"
#include "tessera/testing/v1/echo_service.pb.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/earn_load.h"
#include "tests/bench/naive/earn.h"

namespace tessera::bench::naive {
namespace {

using membership::Measure;
using membership::v1::EarnPointsRequest;
using membership::v1::GetBalanceRequest;
using membership::v1::GetBalanceResponse;

constexpr char kService[] = "tessera.membership.v1.PointsService/";
constexpr size_t kWaitingMax = 10'000;

class Pool {
 public:
  using Job = std::function<void(pg::Connection&)>;

  explicit Pool(int connections) : jobs_(kWaitingMax) {
    for (int i = 0; i < connections; ++i) {
      threads_.push_back(StartThread("pooled", [this] { Work(*Connect()); }));
    }
  }
  ~Pool() {
    jobs_.Close();
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

  // False if too many wait.
  bool Add(Job job) { return jobs_.TryPush(job); }

 private:
  void Work(pg::Connection& connection) {
    while (!stop_) {
      std::vector<Job> taken;
      {
        absl::MutexLock lock(&mutex_);  // the queue is made for one consumer
        taken = jobs_.Take(1, absl::Milliseconds(100));
      }
      for (Job& job : taken) job(connection);
    }
  }

  BoundedQueue<Job> jobs_;
  absl::Mutex mutex_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

absl::StatusOr<std::string> ReadBalance(pg::Connection& connection, const GetBalanceRequest& request) {
  static constexpr pg::Statement kRead = {
      "naive_read_balance",
      "SELECT r.customer_id, r.member_seq, coalesce(r.all_sums, r.own_sums), b.currency_names FROM member m "
      "JOIN member r ON r.customer_id = m.root_id AND r.brand_id = m.brand_id JOIN brand b ON b.brand_id = m.brand_id "
      "WHERE m.customer_id = $1 AND m.brand_id = $2"};
  const auto customer = CustomerId::Parse(request.customer_id());
  if (!customer) return absl::InvalidArgumentError("customer_id");
  pg::Tx tx(connection, "naive_read", pg::Extent::kStatement);
  const pg::Rows rows = tx.Run(kRead, *customer, request.brand_id());
  if (!tx.ok()) return tx.status();
  if (rows.empty()) return absl::NotFoundError("no such customer");
  GetBalanceResponse response;
  response.set_customer_id(rows[0].Get<CustomerId>(0).ToString());
  response.set_member_seq(rows[0].Get<int64_t>(1));
  const auto sums = rows[0].Get<std::vector<int64_t>>(2);
  const auto names = rows[0].Get<std::vector<std::string>>(3);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto sum = [&](Measure measure) {
      const size_t at = 3 + i * membership::kMeasures + static_cast<size_t>(measure);
      return at < sums.size() ? sums[at] : 0;
    };
    auto& balance = *response.add_statements()->mutable_balance();
    balance.set_currency(names[i]);
    balance.set_available(sum(Measure::kAvailable));
    balance.set_pending(sum(Measure::kPending));
    balance.set_held(sum(Measure::kHeld));
    balance.set_debt(sum(Measure::kDebt));
    balance.set_balance(balance.available() + balance.pending() + balance.held() - balance.debt());
  }
  return response.SerializeAsString();
}

// The server asks for a handler of every method of a service.
void RefuseOthers(rpc::Server& server, const google::protobuf::ServiceDescriptor& service) {
  for (int i = 0; i < service.method_count(); ++i) {
    const google::protobuf::MethodDescriptor& method = *service.method(i);
    if (method.name() == "GetBalance" || method.name() == "EarnPoints") continue;
    const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
    server.AddUnary(kService + method.name(), *prototype,
                    [](const rpc::Call&, const std::unique_ptr<google::protobuf::Message>&,
                       const rpc::ReplyBytes& reply) { reply(absl::UnimplementedError("not of this server")); });
  }
}

void OfferPoints(rpc::Server& server, Pool& pool, const Earner& earner) {
  const auto pooled = [&pool](const rpc::ReplyBytes& reply,
                              std::function<absl::StatusOr<std::string>(pg::Connection&)> run) {
    if (!pool.Add([run = std::move(run), reply](pg::Connection& connection) { reply(run(connection)); })) {
      reply(absl::ResourceExhaustedError("too many calls wait"));
    }
  };
  server.UnaryBytes<GetBalanceRequest>(
      kService + std::string("GetBalance"),
      [pooled](const rpc::Call&, const GetBalanceRequest& request, const rpc::ReplyBytes& reply) {
        pooled(reply, [request](pg::Connection& connection) { return ReadBalance(connection, request); });
      });
  server.UnaryBytes<EarnPointsRequest>(
      kService + std::string("EarnPoints"),
      [pooled, &earner](const rpc::Call&, const EarnPointsRequest& request, const rpc::ReplyBytes& reply) {
        pooled(reply, [request, &earner](pg::Connection& connection) { return earner.Earn(connection, request); });
      });
  RefuseOthers(server, *EarnPointsRequest::descriptor()->file()->FindServiceByName("PointsService"));
}

void OfferEcho(rpc::Server& server) {
  using testing::v1::AdministerRequest;
  using testing::v1::EchoRequest;
  using testing::v1::PublishRequest;
  using testing::v1::PublishResponse;
  server.UnaryBytes<EchoRequest>(
      "tessera.testing.v1.EchoService/Echo",
      [](const rpc::Call&, const EchoRequest&, const rpc::ReplyBytes& reply) { reply(std::string()); });
  server.UnaryBytes<AdministerRequest>(
      "tessera.testing.v1.EchoService/Administer",
      [](const rpc::Call&, const AdministerRequest&, const rpc::ReplyBytes& reply) { reply(std::string()); });
  server.Stream<PublishRequest, PublishResponse>(
      "tessera.testing.v1.EchoService/Publish",
      [](const rpc::Call&, const PublishRequest&, const rpc::Reply<PublishResponse>& reply) {
        reply(PublishResponse());
      });
}

}  // namespace

void Serve(int connections, const rpc::TlsFiles& tls) {
  const Earner earner(*Connect());
  rpc::ServerOptions options;
  options.tls = tls;
  options.verifier =
      Require(rpc::NewTokenVerifier({.jwks_path = RequiredEnvironment("TESSERA_BENCH_JWKS"), .issuer = "tessera-dev"}));
  rpc::Server server(std::move(options));
  Pool pool(connections);
  OfferPoints(server, pool, earner);
  OfferEcho(server);
  Require(server.Start());
  server.SetServing(true);
  std::printf("{\"port\": %d}\n", server.port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server.Shutdown(absl::Seconds(5));
}

}  // namespace tessera::bench::naive
