#include "tests/bench/load/seed_ledger.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/bench/load/database.h"

namespace tessera::bench {
namespace {

// One row for each new fact: the member, its number there, and its number overall, in which the others follow.
constexpr char kFacts[] =
    "CREATE TEMPORARY TABLE fact AS SELECT m.customer_id, m.brand_id, m.member_seq + n AS member_seq, "
    "(SELECT count(*) FROM request) + row_number() OVER (ORDER BY n, m.customer_id) AS number "
    "FROM (SELECT * FROM member ORDER BY customer_id LIMIT $members) m CROSS JOIN generate_series(1, $each) AS n";

constexpr char kRequests[] =
    "INSERT INTO request SELECT (lpad(to_hex(1700000000000 + number), 12, '0') || '7' || "
    "substr(md5('request' || number), 1, 19))::uuid, 'tessera.membership.v1.PointsService/EarnPoints', brand_id, "
    "decode(md5(number::text), 'hex'), false, decode(repeat(md5(number::text), 6), 'hex'), now() FROM fact ORDER BY "
    "number";

constexpr char kLots[] =
    "INSERT INTO lot (customer_id, brand_id, lot_id, currency_no, state, slides, warned, amount, remaining, held, "
    "forgiven, expired, earned_time, activation_time, expiry_time, program_version, rule_no, transaction_id) "
    "SELECT customer_id, brand_id, md5('lot' || number)::uuid, 1, 1, false, false, 10, 10, 0, 0, 0, now(), now(), "
    "'infinity', 1, 0, md5('transaction' || number)::uuid FROM fact ORDER BY number";

constexpr char kTransfers[] =
    "INSERT INTO transfer (customer_id, brand_id, member_seq, number, kind, currency_no, amount, from_account, "
    "to_account, lot_id, rule_no, program_version, transaction_id, cause_source, cause_id, effective_time, "
    "posted_time) SELECT customer_id, brand_id, member_seq, 0, 1, 1, 10, 1, 0, md5('lot' || number)::uuid, 0, 1, "
    "md5('transaction' || number)::uuid, 'call', md5('request' || number)::uuid::text, now(), now() FROM fact ORDER "
    "BY number";

// The sums are counts of lots, entries and orders, then of the first currency: available is its first measure, earned
// its sixth.
constexpr char kMembers[] =
    "UPDATE member SET member_seq = member_seq + $each, own_sums = ARRAY[coalesce(own_sums[1], 0) + $each, "
    "coalesce(own_sums[2], 0) + $each, 0, coalesce(own_sums[4], 0) + 10 * $each, 0, 0, 0, 0, "
    "coalesce(own_sums[9], 0) + 10 * $each, 0, 0, 0, 0, 0, 0] || coalesce(own_sums[16:], '{}') "
    "WHERE customer_id IN (SELECT customer_id FROM fact)";

}  // namespace

void SeedLedger(pg::Connection& connection, int64_t rows, int64_t members) {
  const std::string each = absl::StrCat(rows / members);
  Require(connection.Execute("SET statement_timeout = 0").status());
  for (const char* statement : {kFacts, kRequests, kLots, kTransfers, kMembers}) {
    Require(connection.Execute(absl::StrReplaceAll(statement, {{"$each", each}, {"$members", absl::StrCat(members)}}))
                .status());
  }
}

}  // namespace tessera::bench
