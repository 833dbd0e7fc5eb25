#include "rpc/callback_queue.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include "absl/synchronization/notification.h"

namespace tessera::rpc {
namespace {

using Stub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;

// A channel begins to use the queue with its first call, which here is one that fails without leaving the process.
Stub* NewUser() {
  auto* const stub = new Stub(grpc::CreateChannel("unix:/nonexistent/tessera", grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now());
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  absl::Notification done;
  stub->UnaryCall(&context, "/none/None", {}, &request, &response, [&](const grpc::Status&) { done.Notify(); });
  done.WaitForNotification();
  return stub;
}

}  // namespace

void KeepCallbackQueue() {
  static Stub* const user = NewUser();
  (void)user;
}

}  // namespace tessera::rpc
