#include "pg/copy_rows.h"

#include <string_view>

namespace tessera::pg {

CopyRows::CopyRows() : bytes_(std::string_view("PGCOPY\n\377\r\n\0", 11)) {
  internal::AppendInt32(bytes_, 0);  // flags
  internal::AppendInt32(bytes_, 0);  // no extension of the header
}

}  // namespace tessera::pg
