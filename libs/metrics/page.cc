#include "metrics/page.h"

#include <civetweb.h>

#include <array>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace tessera::metrics {
namespace {

constexpr size_t kPageBytesMax = 16 << 20;

absl::Status Away(const std::string& address, std::string_view why) {
  return absl::UnavailableError(absl::StrCat(address, " does not answer: ", ToAbsl(why)));
}

// One sample's line, taken from its front.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  bool Read(Sample& sample) {
    sample.name = std::string(TakeUntil("{ "));
    if (sample.name.empty()) return false;
    if (Skip('{') && !ReadLabels(sample.labels)) return false;
    while (Skip(' ')) {
    }
    return absl::SimpleAtod(ToAbsl(TakeUntil(" ")), &sample.value);
  }

 private:
  std::string_view TakeUntil(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool ReadLabels(Labels& labels) {
    while (!Skip('}')) {
      const std::string name(TakeUntil("="));
      if (!Skip('=') || !Skip('"') || !ReadQuoted(labels[name])) return false;
      Skip(',');
    }
    return true;
  }

  bool ReadQuoted(std::string& value) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\') {
        value += c;
        continue;
      }
      if (rest_.empty()) return false;
      value += rest_.front() == 'n' ? '\n' : rest_.front();
      rest_.remove_prefix(1);
    }
    return false;
  }

  std::string_view rest_;
};

struct CloseConnection {
  void operator()(mg_connection* connection) const { mg_close_connection(connection); }
};

}  // namespace

absl::StatusOr<std::string> Fetch(const std::string& address, std::string_view path, absl::Duration timeout) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is no host:port"));
  }
  const std::string host = address.substr(0, colon);
  std::array<char, 256> error{};
  const std::unique_ptr<mg_connection, CloseConnection> connection(
      mg_connect_client(host.c_str(), port, /*use_ssl=*/0, error.data(), error.size()));
  if (connection == nullptr) return Away(address, error.data());
  mg_printf(connection.get(), "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", std::string(path).c_str(),
            host.c_str());
  if (mg_get_response(connection.get(), error.data(), error.size(),
                      static_cast<int>(absl::ToInt64Milliseconds(timeout))) < 0) {
    return Away(address, error.data());
  }
  const mg_response_info& info = *mg_get_response_info(connection.get());
  if (info.status_code != 200) return Away(address, info.status_text);
  std::string page;
  std::array<char, 16'384> buffer{};
  for (int n = 0; (n = mg_read(connection.get(), buffer.data(), buffer.size())) > 0;) {
    page.append(buffer.data(), static_cast<size_t>(n));
    if (page.size() > kPageBytesMax) return Away(address, "the page is too large");
  }
  return page;
}

absl::StatusOr<std::vector<Sample>> ParsePage(std::string_view page) {
  std::vector<Sample> samples;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(ToAbsl(page), '\n')) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    if (!LineReader(ToStd(line)).Read(samples.emplace_back())) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, " is no metric"));
    }
  }
  return samples;
}

}  // namespace tessera::metrics
