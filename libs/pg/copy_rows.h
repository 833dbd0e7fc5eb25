// Rows for `COPY table (columns) FROM STDIN (FORMAT binary)`, in the binary format of Postgres' manual (COPY, Binary
// Format). For loading many rows of one table; what a batch writes goes by arrays, which cost the same and can also
// update. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "pg/params.h"

namespace tessera::pg {

class CopyRows {
 public:
  CopyRows();

  // One row; the columns' C++ types are the table's, as in Params. COPY casts nothing.
  template <class... Columns>
  void Add(const Columns&... columns) {
    internal::AppendInt16(bytes_, static_cast<int16_t>(sizeof...(columns)));
    (internal::AppendElement(bytes_, columns), ...);
    ++count_;
  }

  int64_t count() const { return count_; }
  // All that was added, without the trailer.
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  int64_t count_ = 0;
};

}  // namespace tessera::pg
