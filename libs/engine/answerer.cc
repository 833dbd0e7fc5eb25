#include "engine/answerer.h"

#include <iterator>
#include <utility>

namespace tessera::engine {
namespace {

constexpr size_t kFew = 4;

}  // namespace

void TellHere(std::vector<ReadyAnswer> answers) {
  for (ReadyAnswer& ready : answers) ready.answer(std::move(ready.result));
}

void Answerer::Tell(std::vector<ReadyAnswer> answers) {
  if (answers.size() <= kFew) return TellHere(std::move(answers));
  absl::MutexLock lock(&mutex_);
  waiting_.insert(waiting_.end(), std::make_move_iterator(answers.begin()), std::make_move_iterator(answers.end()));
}

bool Answerer::Step(absl::Duration wait) {
  std::vector<ReadyAnswer> taken;
  {
    const auto any = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !waiting_.empty(); };
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&any), wait);
    taken.swap(waiting_);
  }
  const bool came = !taken.empty();
  TellHere(std::move(taken));
  return came;
}

}  // namespace tessera::engine
