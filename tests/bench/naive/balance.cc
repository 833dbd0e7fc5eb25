#include "tests/bench/naive/balance.h"

#include <libpq-fe.h>

#include <array>

#include "pg/result.h"
#include "pg/rows.h"
#include "services/membership/domain/rows.h"
#include "tests/bench/load/database.h"

namespace tessera::bench::naive {
namespace {

using membership::Measure;

constexpr char kName[] = "naive_read_balance";
constexpr char kSql[] =
    "SELECT r.customer_id, r.member_seq, coalesce(r.all_sums, r.own_sums), b.currency_names FROM member m "
    "JOIN member r ON r.customer_id = m.root_id AND r.brand_id = m.brand_id JOIN brand b ON b.brand_id = m.brand_id "
    "WHERE m.customer_id = $1 AND m.brand_id = $2";

std::string Response(const pg::Row& row) {
  membership::v1::GetBalanceResponse response;
  response.set_customer_id(row.Get<CustomerId>(0).ToString());
  response.set_member_seq(row.Get<int64_t>(1));
  const auto sums = row.Get<std::vector<int64_t>>(2);
  const auto names = row.Get<std::vector<std::string>>(3);
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

}  // namespace

void BalanceReader::Close::operator()(pg_conn* conn) const { PQfinish(conn); }

BalanceReader::BalanceReader() : conn_(PQconnectdb(DatabaseOptions().dsn.c_str())) {
  constexpr int kParameters = 2;
  const pg::Result prepared(PQprepare(conn_.get(), kName, kSql, kParameters, nullptr));
  if (!pg::Succeeded(prepared)) Require(pg::ErrorOf(prepared, kName));
}

absl::StatusOr<std::string> BalanceReader::Read(const membership::v1::GetBalanceRequest& request) {
  if (!CustomerId::Parse(request.customer_id())) return absl::InvalidArgumentError("customer_id");
  const std::array<const char*, 2> values = {request.customer_id().c_str(), request.brand_id().c_str()};
  pg::Result result(PQexecPrepared(conn_.get(), kName, static_cast<int>(values.size()), values.data(), nullptr, nullptr,
                                   /*resultFormat=*/1));
  if (!pg::Succeeded(result)) return pg::ErrorOf(result, kName);
  const pg::Rows rows(result.release());
  if (rows.empty()) return absl::NotFoundError("no such customer");
  return Response(rows[0]);
}

}  // namespace tessera::bench::naive
