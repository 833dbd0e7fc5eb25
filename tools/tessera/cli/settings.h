// Where services and brokers are and who calls them: from options, else the environment, else the files of a local
// stack. Pure but for FindVar.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/tls.h"
#include "tools/tessera/cli/arguments.h"

namespace tessera::cli {

struct Settings {
  std::map<std::string, std::string> endpoints;  // by service
  std::map<std::string, std::string> metrics;    // by instance, such as "oneid-1"
  std::string brokers, topic_prefix;
  std::string token;             // "" if none was given
  rpc::TlsFiles tls;             // none: plain text
  std::string kafka_properties;  // file, "" if the brokers ask for nothing
  std::filesystem::path var;     // the local stack's folder; empty if there is none
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The texts of files, "" where there is none: those with which a local stack says where its services are and which
// certificates they ask for, and that of --token-file.
struct Files {
  std::string ports_json, tls_json, token;
};

// InvalidArgument that names the file if it is not JSON.
absl::StatusOr<Settings> ReadSettings(const Arguments& arguments, const Environment& environment, const Files& files);

// The nearest folder `var` with a ports.json, from `start` upwards; empty if there is none.
std::filesystem::path FindVar(std::filesystem::path start);

// Which of the services' methods a user means by `name`: "package.Service/Method", "Service/Method" or "Method", also
// with a dot for the slash. InvalidArgument that lists the candidates if it is none or several.
struct MethodChoice {
  std::string service, method;  // method: full name
  bool streams = false;

  bool operator==(const MethodChoice&) const = default;
};
absl::StatusOr<MethodChoice> ChooseMethod(const std::string& name, const std::vector<MethodChoice>& methods);

}  // namespace tessera::cli
