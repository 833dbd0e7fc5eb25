#include "tests/hostile/rows.h"

namespace tessera::hostile {
namespace {

// The engine's tables hold what happened to requests and records; a refusal may be noted there.
constexpr char kMakeQuery[] =
    "SELECT 'SELECT string_agg(x, '' '' ORDER BY x) FROM (' || string_agg(format("
    "'SELECT %L || count(*) || '':'' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS x FROM %I t', "
    "c.relname || ':', c.relname), ' UNION ALL ') || ') y' "
    "FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') "
    "AND NOT c.relispartition AND c.relname <> ALL (ARRAY['request', 'consumer_mark', 'writer', 'instance', 'lease', "
    "'slot', 'outbox', 'relay_cursor', 'waiting', 'parked', 'suspect', 'dead_letter', 'channel_event', 'counter', "
    "'schema_migration'])";

}  // namespace

std::string DomainRows(testing::TestDatabase& database) { return database.Text(database.Text(kMakeQuery)); }

}  // namespace tessera::hostile
