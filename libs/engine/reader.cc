#include "engine/reader.h"

#include <map>

#include "base/check.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "google/protobuf/message.h"

namespace tessera::engine {
namespace {

constexpr size_t kReadsMax = 500;  // in one statement

}  // namespace

Reader::Reader(pg::ConnectionOptions connection, TellAnswers tell, size_t queue_limit)
    : session_(std::move(connection)), tell_(std::move(tell)), queue_(queue_limit) {}

bool Reader::Submit(const BatchRead& kind, std::unique_ptr<google::protobuf::Message> request, absl::Time deadline,
                    Answer answer) {
  Waiting waiting{&kind, std::move(request), deadline, std::move(answer)};
  return queue_.TryPush(waiting);
}

bool Reader::Step(absl::Duration wait) {
  std::vector<Waiting> taken = queue_.Take(kReadsMax, wait);
  if (taken.empty()) return false;
  std::map<const BatchRead*, std::vector<Waiting*>> by_kind;
  const absl::Time now = absl::Now();
  for (Waiting& waiting : taken) {
    if (waiting.deadline < now) {
      waiting.answer(absl::DeadlineExceededError("the deadline passed before the call was executed"));
    } else {
      by_kind[waiting.kind].push_back(&waiting);
    }
  }
  for (auto& [kind, waiting] : by_kind) AnswerKind(*kind, std::move(waiting));
  return true;
}

void Reader::AnswerKind(const BatchRead& kind, std::vector<Waiting*> waiting) {
  std::vector<const google::protobuf::Message*> requests;
  requests.reserve(waiting.size());
  for (const Waiting* one : waiting) requests.push_back(one->request.get());
  absl::Status status = session_.Ensure();
  pg::ErrorKind error = pg::ErrorKind::kNone;
  std::vector<absl::StatusOr<std::string>> answers;
  // A session may have died since its last use: a read is repeated once on a new one.
  for (int attempt = 0; status.ok() && attempt < 2; ++attempt) {
    pg::Tx tx(*session_, "read", pg::Extent::kStatement);
    answers = kind(tx, requests);
    status = tx.status();
    error = tx.error_kind();
    if (error != pg::ErrorKind::kConnection) break;
    if (auto again = session_.Ensure(); again.ok() && attempt == 0) status = absl::OkStatus();
  }
  if (error == pg::ErrorKind::kData || error == pg::ErrorKind::kOther) {
    if (waiting.size() > 1) {  // One of them is at fault: the others shall not know.
      for (Waiting* one : waiting) AnswerKind(kind, {one});
      return;
    }
    LogError("read failed", {{"reason", ToStd(status.message())}});
    status = MakeError(absl::StatusCode::kInternal, "the service could not read this; its log says why",
                       {"READ_FAILED", "tessera", {}});
  }
  TESSERA_CHECK(!status.ok() || answers.size() == waiting.size());
  std::vector<ReadyAnswer> ready;
  ready.reserve(waiting.size());
  for (size_t i = 0; i < waiting.size(); ++i) {
    ready.push_back({std::move(waiting[i]->answer), status.ok() ? std::move(answers[i]) : status});
  }
  tell_(std::move(ready));
}

}  // namespace tessera::engine
