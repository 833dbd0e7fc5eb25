#include "tests/bench/naive/mark.h"

namespace tessera::bench::naive {

void NoteMark(pg::Tx& tx, const std::string& topic, int32_t partition, int64_t next_offset) {
  static constexpr pg::Statement kNote = {
      "naive_mark",
      "INSERT INTO consumer_mark (topic, partition, next_offset, last_seq) VALUES ($1, $2, $3, -1) "
      "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset"};
  tx.Run(kNote, topic, partition, next_offset);
}

}  // namespace tessera::bench::naive
