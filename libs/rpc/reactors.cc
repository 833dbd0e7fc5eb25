#include "rpc/reactors.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <atomic>
#include <deque>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "rpc/grpc_status.h"

namespace tessera::rpc {
namespace {

using grpc::ByteBuffer;

absl::Status DeadlinePassed() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "the deadline had passed before the call was executed",
                   {"DEADLINE_EXCEEDED", "tessera", {}});
}

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadRequest(const Method& method, ByteBuffer& bytes,
                                                                       const Caller* caller) {
  grpc::ProtoBufferReader reader(&bytes);
  auto request = method.Parse(reader);
  if (request == nullptr) return method.WhyMalformed(ToText(bytes));
  TESSERA_RETURN_IF_ERROR(method.Check(*request, caller));
  return request;
}

// Carries one answer to `answer`, exactly once: a handler that drops its reply is a defect that the client shall not
// have to wait for.
class Answerer {
 public:
  explicit Answerer(ReplyBytes answer) : answer_(std::move(answer)) {}
  ~Answerer() {
    if (!answered_.exchange(true)) answer_(absl::InternalError("the handler dropped its call"));
  }
  void Answer(absl::StatusOr<std::string> reply) {
    if (!answered_.exchange(true)) answer_(std::move(reply));
  }

 private:
  const ReplyBytes answer_;
  std::atomic<bool> answered_ = false;
};

ReplyBytes OnlyOnce(ReplyBytes answer) {
  return [answerer = std::make_shared<Answerer>(std::move(answer))](absl::StatusOr<std::string> reply) {
    answerer->Answer(std::move(reply));
  };
}

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

class UnaryCall final : public grpc::ServerGenericBidiReactor {
 public:
  UnaryCall(const CallContext& context, AdmittedCall admitted) : context_(context), admitted_(std::move(admitted)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Answer(absl::CancelledError("the client sent no request"));
    if (context_.clock->Now() >= admitted_.call.deadline) return Answer(DeadlinePassed());
    auto request = ReadRequest(*admitted_.method, request_, admitted_.call.caller.get());
    if (!request.ok()) return Answer(request.status());
    request_.Clear();
    // After this line `this` may be gone: the handler may have answered.
    admitted_.method->handler(admitted_.call, std::move(*request),
                              OnlyOnce([this](absl::StatusOr<std::string> reply) { Answer(std::move(reply)); }));
  }

  void OnDone() override { delete this; }
  // Of gRPC 1.51, which hands OnDone to a thread of its own unless it is trivial: a tenth of what a read costs
  // (docs/performance.md).
  bool InternalInlineable() override { return true; }

 private:
  void Answer(absl::StatusOr<std::string> reply) {
    const absl::Status status = Public(reply.status(), admitted_.call.method);
    admitted_.method->Count(status, context_.clock->Now() - admitted_.arrival);
    if (!status.ok()) return Finish(ToGrpc(status));
    response_ = ToBuffer(*reply);
    StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
  }

  const CallContext& context_;
  const AdmittedCall admitted_;
  ByteBuffer request_, response_;
};

// Reads ahead up to the window; answers in order; ends when every handler has answered, also after an error, so that a
// server that has shut down has no handler left. Lives until gRPC and the last answer have let go of it.
class StreamCall final : public grpc::ServerGenericBidiReactor {
 public:
  StreamCall(const CallContext& context, AdmittedCall admitted) : context_(context), admitted_(std::move(admitted)) {
    absl::MutexLock lock(&mutex_);
    reading_ = true;
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    Slot* slot = nullptr;
    ByteBuffer bytes;  // Taken, because the next read may start while this one is handled.
    {
      absl::MutexLock lock(&mutex_);
      reading_ = false;
      bytes.Swap(&request_);
      const absl::Time now = context_.clock->Now();
      if (!ok) {
        closed_ = true;
      } else if (now >= admitted_.token_expiry) {
        end_ = MakeError(absl::StatusCode::kUnauthenticated, "the token has expired", {"TOKEN_EXPIRED", "tessera", {}});
      } else if (end_.ok()) {
        slot = &slots_.emplace_back();
        ++in_hand_;
        slot->arrival = now;
      }
    }
    if (slot != nullptr) Handle(*slot, bytes);
    Advance();
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok && end_.ok()) end_ = absl::CancelledError("the client is gone");
    }
    Advance();
  }

  void OnDone() override { Unref(); }

 private:
  // One message in hand. Its address stays: a deque moves nothing when its ends change.
  struct Slot {
    Call call;
    absl::Time arrival;
    std::optional<absl::StatusOr<std::string>> reply;
  };

  void Handle(Slot& slot, ByteBuffer& bytes) {
    refs_.fetch_add(1, std::memory_order_relaxed);
    ReplyBytes reply = OnlyOnce([this, &slot](absl::StatusOr<std::string> answer) {
      Settle(slot, std::move(answer));
      Advance();
      Unref();
    });
    slot.call = admitted_.call;
    slot.call.deadline = std::min(admitted_.call.deadline, slot.arrival + context_.default_deadline);
    auto request = ReadRequest(*admitted_.method, bytes, slot.call.caller.get());
    if (!request.ok()) return reply(request.status());
    admitted_.method->handler(slot.call, std::move(*request), std::move(reply));
  }

  void Settle(Slot& slot, absl::StatusOr<std::string> answer) {
    const absl::Status status = Public(answer.status(), admitted_.call.method);
    admitted_.method->Count(status, context_.clock->Now() - slot.arrival);
    if (!status.ok())
      answer = admitted_.method->on_error ? absl::StatusOr<std::string>(admitted_.method->on_error(status))
                                          : absl::StatusOr<std::string>(status);
    absl::MutexLock lock(&mutex_);
    slot.reply = std::move(answer);
    --in_hand_;
  }

  // Starts whatever can be started. gRPC never calls back from inside a Start function, so that they may be called
  // under the lock; Finish is called outside, because it may be the end of this object (whence the reference).
  void Advance() {
    refs_.fetch_add(1, std::memory_order_relaxed);
    bool finish = false;
    absl::Status end;
    {
      absl::MutexLock lock(&mutex_);
      if (!finished_) {
        WriteNext();
        if (!reading_ && !closed_ && end_.ok() && slots_.size() < context_.stream_window) {
          reading_ = true;
          StartRead(&request_);
        }
        finish = !writing_ && in_hand_ == 0 && (!end_.ok() || (closed_ && slots_.empty()));
        finished_ = finish;
        end = end_;
      }
    }
    if (finish) Finish(ToGrpc(end));
    Unref();
  }

  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || !end_.ok() || slots_.empty() || !slots_.front().reply) return;
    const absl::StatusOr<std::string> reply = std::move(*slots_.front().reply);
    slots_.pop_front();
    if (!reply.ok()) {
      end_ = reply.status();
      return;
    }
    response_ = ToBuffer(*reply);
    writing_ = true;
    StartWrite(&response_);
  }

  void Unref() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const CallContext& context_;
  const AdmittedCall admitted_;
  std::atomic<int> refs_ = 1;  // gRPC's, and one per message in hand

  absl::Mutex mutex_;
  std::deque<Slot> slots_;  // the deque is guarded by mutex_; a slot without a reply belongs to its handler
  size_t in_hand_ ABSL_GUARDED_BY(mutex_) = 0;  // slots without a reply
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;    // no more requests
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;  // Finish was called
  absl::Status end_ ABSL_GUARDED_BY(mutex_);       // an error ends the stream before its time
  ByteBuffer request_;                             // between StartRead and OnReadDone
  ByteBuffer response_;                            // between StartWrite and OnWriteDone
};

}  // namespace

grpc::ServerGenericBidiReactor* NewRefusal(const absl::Status& status) { return new Refusal(status); }

grpc::ServerGenericBidiReactor* NewUnaryCall(const CallContext& context, AdmittedCall admitted) {
  return new UnaryCall(context, std::move(admitted));
}

grpc::ServerGenericBidiReactor* NewStreamCall(const CallContext& context, AdmittedCall admitted) {
  return new StreamCall(context, std::move(admitted));
}

}  // namespace tessera::rpc
