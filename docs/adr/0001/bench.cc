// Reads the same rows through libpqxx (text) and through libs/pg (binary). See ../0001-libpq-instead-of-libpqxx.md.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <pqxx/pqxx>

#include "pg/connection.h"

namespace {

constexpr char kSql[] =
    "SELECT gen_random_uuid() AS id, n::int8, now() + n * interval '1 s' AS due, repeat('x', 100)::bytea AS data "
    "FROM generate_series(1, 200000) AS n";

template <class F>
double Seconds(F f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main() {
  const char* dsn = std::getenv("TESSERA_TEST_ADMIN_DSN");
  auto ours = *tessera::pg::Connection::Open({.dsn = dsn});
  pqxx::connection theirs(dsn);
  static constexpr tessera::pg::Statement kRead = {"bench_read", kSql};
  for (int round = 0; round < 5; ++round) {
    int64_t sum = 0;
    const double pqxx_s = Seconds([&] {
      pqxx::work tx(theirs);
      for (const auto& row : tx.exec(kSql)) {
        const std::string id = row[0].as<std::string>();
        const auto uuid = tessera::Uuid::Parse(id);
        absl::Time due;
        std::string error;
        absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", row[2].as<std::string>(), &due, &error);
        sum += row[1].as<int64_t>() + absl::ToUnixSeconds(due) % 2 + uuid->bytes[0] +
               static_cast<int64_t>(pqxx::binarystring(row[3]).size());
      }
    });
    const double ours_s = Seconds([&] {
      tessera::pg::Tx tx(*ours, "bench");
      for (const auto row : tx.Run(kRead)) {
        sum += row.Get<int64_t>(1) + absl::ToUnixSeconds(row.Get<absl::Time>(2)) % 2 +
               row.Get<tessera::Uuid>(0).bytes[0] + static_cast<int64_t>(row.Get<tessera::pg::Bytes>(3).value.size());
      }
    });
    std::printf("libpqxx %.3f s, libs/pg %.3f s, ratio %.2f (%lld)\n", pqxx_s, ours_s, pqxx_s / ours_s,
                static_cast<long long>(sum));
  }
}
