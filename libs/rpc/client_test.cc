// How a client meets servers that are not quick.
#include "rpc/client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace tessera::rpc {
namespace {

// A port at which connections come about, as the kernel makes them, and nobody answers.
class SilentPort {
 public:
  SilentPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    EXPECT_EQ(bind(socket_, address, size), 0);
    EXPECT_EQ(listen(socket_, 16), 0);
    EXPECT_EQ(getsockname(socket_, address, &size), 0);
  }
  ~SilentPort() { close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  std::string target() const { return absl::StrCat("127.0.0.1:", ntohs(address_.sin_port)); }

 private:
  const int socket_;
  sockaddr_in address_{};
};

TEST(ClientTest, AServerThatIsSlowToGreetIsNotTakenForOneThatIsAway) {
  const SilentPort port;
  Client client(port.target());
  const auto response = client.CallBytes("some.Service/Method", "", {.timeout = absl::Milliseconds(500)});
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded) << response.status();
}

TEST(ClientTest, AServerThatIsAwayIsToldAtOnce) {
  const std::string target = SilentPort().target();  // closed again
  Client client(target);
  const auto response = client.CallBytes("some.Service/Method", "");
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable) << response.status();
}

}  // namespace
}  // namespace tessera::rpc
