// Tables that several commands show.
#pragma once

#include "tessera/oneid/v1/merge_service.pb.h"
#include "tools/tessera/cli/table.h"

namespace tessera::cli {

Table MergeTable();
void AddMerge(const oneid::v1::Merge& merge, Table& table);

}  // namespace tessera::cli
