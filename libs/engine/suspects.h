// Finds the record that ends the process. After an unclean end the first records of a partition are suspects: they are
// decided in small batches whose records are noted first, and one that was noted when the process ended again is
// decided alone. Notes are kept in the table `suspect`. Used by one writer.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/work.h"
#include "pg/connection.h"

namespace tessera::engine {

// (topic, partition, offset).
using RecordAt = std::tuple<std::string, int32_t, int64_t>;

RecordAt PlaceOf(const RecordOrigin& record);

// The record of a work item whose offset is still suspect, or null.
const RecordOrigin* SuspectOf(const Work& work);

class Suspects {
 public:
  // The session outlives the object. Where the database is away, nothing is noted and nothing found: the batch that
  // follows waits for it.
  explicit Suspects(pg::Session& session) : session_(session) {}

  // Those of the records that are noted.
  std::set<RecordAt> Noted(const std::vector<const RecordOrigin*>& records);
  // Notes records that are decided together.
  void NoteTogether(const std::vector<const RecordOrigin*>& records);
  // Notes a record that is decided alone; how often it was so far, this time included.
  int NoteAlone(const RecordOrigin& record);
  // Forgets records whose batch has ended.
  void Clear(const std::vector<const RecordOrigin*>& records);

 private:
  pg::Session& session_;
};

}  // namespace tessera::engine
