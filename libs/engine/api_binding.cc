#include "engine/api_binding.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/synchronization/mutex.h"
#include "base/crypto.h"
#include "base/murmur2.h"
#include "base/status.h"
#include "engine/engine_store.h"
#include "google/protobuf/message.h"

namespace tessera::engine {
namespace {

using google::protobuf::Message;

constexpr absl::Duration kRetryDelay = absl::Milliseconds(200);

absl::Status QueueFull() { return Overloaded("the service has more work than it can take; repeat later", kRetryDelay); }

// Collects the answers of the items of one call.
class Gathering {
 public:
  using Join = std::function<std::string(const std::vector<absl::StatusOr<std::string>>&)>;

  Gathering(size_t items, Join join, Answer answer)
      : answers_(items, absl::UnknownError("")), left_(items), join_(std::move(join)), answer_(std::move(answer)) {}

  void Put(size_t item, absl::StatusOr<std::string> answer) {
    {
      absl::MutexLock lock(&mutex_);
      answers_[item] = std::move(answer);
      if (--left_ > 0) return;
    }
    answer_(join_(answers_));
  }

 private:
  absl::Mutex mutex_;
  std::vector<absl::StatusOr<std::string>> answers_;
  size_t left_ ABSL_GUARDED_BY(mutex_);
  const Join join_;
  const Answer answer_;
};

}  // namespace

std::string InputHash(const google::protobuf::Message& request) {
  std::unique_ptr<google::protobuf::Message> known(request.New());
  known->CopyFrom(request);
  known->DiscardUnknownFields();
  if (const auto* id = known->GetDescriptor()->FindFieldByName("request_id"))
    known->GetReflection()->ClearField(known.get(), id);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    known->SerializeToCodedStream(&coded);
  }
  return Sha256(bytes).substr(0, 16);
}

ApiBinding::ApiBinding(rpc::Server& server, const Clock& clock, std::vector<Writer*> writers, Reader& reads,
                       Reader& queries)
    : server_(server), clock_(clock), writers_(std::move(writers)), reads_(reads), queries_(queries) {}

// Few calls share one writer's batches, since what a batch costs by itself is most of what few calls cost: 64 calls in
// flight on two writers took 28 % more processor time each (docs/performance.md).
Writer& ApiBinding::WriterFor(std::string_view route) const {
  if (!writers_[0]->Crowded()) return *writers_[0];
  return *writers_[static_cast<size_t>(KafkaPartition(route, kSlots)) % writers_.size()];
}

void ApiBinding::Submit(const rpc::Call& call, const std::string& method, ApiCommand command, std::string input_hash,
                        Answer answer) {
  Work work;
  work.command = std::move(command.command);
  work.cause.id = work.cause.correlation_id = command.request_id.ToString();
  work.cause.traceparent = call.traceparent;
  work.cause.time = clock_.Now();
  work.cause.brand = command.brand.value;
  work.origin = CallOrigin{method,        std::move(command.brand), command.request_id, std::move(input_hash),
                           call.deadline, std::move(answer)};
  if (!WriterFor(command.route).Push(work)) std::get<CallOrigin>(work.origin).answer(QueueFull());
}

void ApiBinding::AddCommand(std::string_view method, const Message& prototype, ToCommand to_command) {
  server_.AddUnary(method, prototype,
                   [this, name = std::string(method), to_command = std::move(to_command)](
                       const rpc::Call& call, std::unique_ptr<Message> request, const Answer& answer) {
                     auto command = to_command(*request);
                     if (!command.ok()) return answer(command.status());
                     Submit(call, name, std::move(*command), InputHash(*request), answer);
                   });
}

void ApiBinding::AddCommands(std::string_view method, const Message& prototype, Split split, Join join) {
  server_.AddUnary(method, prototype,
                   [this, split = std::move(split), join = std::move(join)](
                       const rpc::Call& call, std::unique_ptr<Message> request, const Answer& answer) {
                     auto commands = split(*request);
                     if (!commands.ok()) return answer(commands.status());
                     if (commands->empty()) return answer(join({}));
                     auto gathering = std::make_shared<Gathering>(commands->size(), join, answer);
                     for (size_t i = 0; i < commands->size(); ++i) {
                       absl::StatusOr<ApiItem>& item = (*commands)[i];
                       if (!item.ok()) {
                         gathering->Put(i, item.status());
                         continue;
                       }
                       Submit(call, item->method, std::move(item->command), std::move(item->input_hash),
                              [gathering, i](absl::StatusOr<std::string> one) { gathering->Put(i, std::move(one)); });
                     }
                   });
}

void ApiBinding::AddRead(std::string_view method, const Message& prototype, BatchRead read) {
  kinds_.push_back(std::make_unique<BatchRead>(std::move(read)));
  server_.AddUnary(method, prototype,
                   [this, kind = kinds_.back().get()](const rpc::Call& call, std::unique_ptr<Message> request,
                                                      const Answer& answer) {
                     if (!reads_.Submit(*kind, std::move(request), call.deadline, answer)) answer(QueueFull());
                   });
}

void ApiBinding::AddQuery(std::string_view method, const Message& prototype, OneQuery query) {
  kinds_.push_back(
      std::make_unique<BatchRead>([query = std::move(query)](pg::Tx& tx, const std::vector<const Message*>& requests) {
        std::vector<absl::StatusOr<std::string>> answers;
        for (const Message* request : requests) answers.push_back(query(tx, *request));
        return answers;
      }));
  server_.AddUnary(method, prototype,
                   [this, kind = kinds_.back().get()](const rpc::Call& call, std::unique_ptr<Message> request,
                                                      const Answer& answer) {
                     if (!queries_.Submit(*kind, std::move(request), call.deadline, answer)) answer(QueueFull());
                   });
}

void ApiBinding::AddStored(std::string_view method, const Message& prototype,
                           std::function<absl::StatusOr<Work>(pg::Tx&, const Message&)> find) {
  server_.AddUnary(
      method, prototype,
      [this, find = std::move(find)](const rpc::Call& call, std::unique_ptr<Message> request, const Answer& answer) {
        // The query hands the work to its writer itself; the writer's answer is the call's.
        auto found = std::make_shared<Work>();
        auto kind = std::make_shared<BatchRead>([find, found](pg::Tx& tx, const std::vector<const Message*>& requests) {
          auto work = find(tx, *requests[0]);
          if (work.ok()) *found = std::move(*work);
          std::vector<absl::StatusOr<std::string>> answers;
          work.ok() ? answers.emplace_back("") : answers.emplace_back(work.status());
          return answers;
        });
        auto hand_over = [this, kind, found, answer](const absl::StatusOr<std::string>& read) {
          if (!read.ok()) return answer(read.status());
          auto& origin = std::get<StoredOrigin>(found->origin);
          origin.answer = answer;
          Writer& writer = WriterFor(origin.record.key.value_or(""));
          if (!writer.Push(*found)) answer(QueueFull());
        };
        if (!queries_.Submit(*kind, std::move(request), call.deadline, hand_over)) answer(QueueFull());
      });
}

}  // namespace tessera::engine
