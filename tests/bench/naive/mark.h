// How far a partition was read, noted with the effect of each record.
#pragma once

#include <cstdint>
#include <string>

#include "pg/tx.h"

namespace tessera::bench::naive {

void NoteMark(pg::Tx& tx, const std::string& topic, int32_t partition, int64_t next_offset);

}  // namespace tessera::bench::naive
