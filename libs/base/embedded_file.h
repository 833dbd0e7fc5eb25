// A file compiled into the binary (cmake: tessera_embed), such as a migration.
#pragma once

#include <string_view>
#include <vector>

namespace tessera {

struct EmbeddedFile {
  std::string_view name;  // "migrations/0001_init.sql"
  std::string_view content;
};

}  // namespace tessera
