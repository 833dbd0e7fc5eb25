#include "tools/tessera/cli/settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tessera::cli {
namespace {

constexpr std::string_view kFirstInstance = "-1.grpc", kMetrics = ".metrics";
constexpr size_t kCandidatesShown = 12;

std::string Address(const nlohmann::json& port) { return absl::StrCat("127.0.0.1:", port.get<int>()); }

absl::Status ReadPorts(const std::string& text, Settings& settings) {
  if (text.empty()) return absl::OkStatus();
  const auto ports = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!ports.is_object()) return absl::InvalidArgumentError("ports.json of the local stack is no JSON object");
  for (const auto& [name, port] : ports.items()) {
    if (!port.is_number_integer()) continue;
    if (name == "kafka") settings.brokers = Address(port);
    if (name.ends_with(kFirstInstance)) {
      settings.endpoints[name.substr(0, name.size() - kFirstInstance.size())] = Address(port);
    }
    if (name.ends_with(kMetrics)) settings.metrics[name.substr(0, name.size() - kMetrics.size())] = Address(port);
  }
  return absl::OkStatus();
}

absl::Status ReadTls(const std::string& text, Settings& settings) {
  if (text.empty()) return absl::OkStatus();
  const auto files = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  for (const auto& [name, file] :
       {std::pair("certificate", &settings.tls.certificate), std::pair("private_key", &settings.tls.private_key),
        std::pair("ca", &settings.tls.peer_ca)}) {
    if (!files.is_object() || !files.contains(name) || !files[name].is_string()) {
      return absl::InvalidArgumentError(absl::StrCat("tls.json of the local stack has no text ", name));
    }
    *file = files[name];
  }
  return absl::OkStatus();
}

absl::Status ReadToken(const Arguments& arguments, const Environment& environment, const std::string& text,
                       Settings& settings) {
  if (!arguments.Has("token-file")) {
    settings.token = environment("TESSERA_TOKEN").value_or("");
    return absl::OkStatus();
  }
  settings.token = std::string(absl::StripAsciiWhitespace(text));
  if (!settings.token.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--token-file: there is no token in \"", arguments.Text("token-file"), "\""));
}

// The last part of a service's full name with the method: "PointsService/GetBalance".
std::string ShortName(const std::string& method) { return method.substr(method.rfind('.', method.find('/')) + 1); }

}  // namespace

absl::StatusOr<Settings> ReadSettings(const Arguments& arguments, const Environment& environment, const Files& files) {
  Settings settings;
  if (absl::Status read = ReadPorts(files.ports_json, settings); !read.ok()) return read;
  std::vector<std::string> services = {"oneid", "membership"};
  if (arguments.Has("service")) services.push_back(arguments.Text("service"));
  for (const auto& [service, endpoint] : settings.endpoints) services.push_back(service);
  for (const std::string& service : services) {
    const auto set = environment("TESSERA_" + absl::AsciiStrToUpper(service));
    if (set && !set->empty()) settings.endpoints[service] = *set;
    if (arguments.Has(service)) settings.endpoints[service] = arguments.Text(service);
  }
  const std::string metrics = arguments.Text("metrics", environment("TESSERA_METRICS").value_or(""));
  if (!metrics.empty()) settings.metrics.clear();
  for (const absl::string_view address : absl::StrSplit(metrics, ',', absl::SkipEmpty())) {
    settings.metrics[std::string(address)] = std::string(address);
  }
  settings.brokers = arguments.Text("brokers", environment("TESSERA_BROKERS").value_or(settings.brokers));
  if (absl::Status read = ReadToken(arguments, environment, files.token, settings); !read.ok()) return read;
  settings.topic_prefix = arguments.Text("topic-prefix", environment("TESSERA_TOPIC_PREFIX").value_or(""));
  const rpc::TlsFiles given = {environment("TESSERA_TLS_CERT").value_or(""),
                               environment("TESSERA_TLS_KEY").value_or(""), environment("TESSERA_TLS_CA").value_or("")};
  if (given.Any()) {
    settings.tls = given;
  } else if (absl::Status read = ReadTls(files.tls_json, settings); !read.ok()) {
    return read;
  }
  settings.kafka_properties = environment("TESSERA_KAFKA_PROPERTIES").value_or("");
  return settings;
}

std::filesystem::path FindVar(std::filesystem::path start) {
  for (std::error_code error;; start = start.parent_path()) {
    if (std::filesystem::exists(start / "var" / "ports.json", error)) return start / "var";
    if (start == start.parent_path()) return {};
  }
}

absl::StatusOr<MethodChoice> ChooseMethod(const std::string& name, const std::vector<MethodChoice>& methods) {
  std::string wanted = name;
  if (wanted.find('/') == std::string::npos && wanted.find('.') != std::string::npos) {
    wanted[wanted.rfind('.')] = '/';
  }
  std::vector<MethodChoice> found;
  std::vector<std::string> similar;
  for (const MethodChoice& choice : methods) {
    const std::string short_name = ShortName(choice.method);
    const bool matches =
        choice.method == wanted || short_name == wanted || short_name.substr(short_name.find('/') + 1) == wanted;
    if (matches) found.push_back(choice);
  }
  if (found.size() == 1) return found.front();
  for (const MethodChoice& choice : found.empty() ? methods : found) {
    if (similar.size() < kCandidatesShown) similar.push_back(absl::StrCat(choice.method, " of ", choice.service));
  }
  if (found.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no service has a method ", name, "; there are, among others:\n",
                                                   absl::StrJoin(similar, "\n"),
                                                   "\n(`tessera call` without a method lists all)"));
  }
  const bool one_method = std::all_of(
      found.begin(), found.end(), [&](const MethodChoice& choice) { return choice.method == found.front().method; });
  if (!one_method) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " could be any of these; say its full name, or --service:\n", absl::StrJoin(similar, "\n")));
  }
  std::vector<std::string> options;
  for (const MethodChoice& choice : found) options.push_back("--service " + choice.service);
  return absl::InvalidArgumentError(absl::StrCat(found.size(), " services have ", found.front().method,
                                                 "; say which is meant:\n", absl::StrJoin(options, "\n")));
}

}  // namespace tessera::cli
