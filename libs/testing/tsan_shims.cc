// Linked into every program of the thread sanitizer's build, and into no other. Debian builds Abseil and librdkafka
// without the sanitizer, which then neither sees what their locks order nor knows the threads that librdkafka starts.
// Here the locks of absl::Mutex are told to it, and the C11 calls of librdkafka become pthread calls, which it knows.
// Calls of shared libraries find these functions, too, because the program's own come first.
#include <dlfcn.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <threads.h>

#include <memory>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

namespace {

// The library's own function of that name.
template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Start {
  thrd_start_t run;
  void* argument;
};

void* Run(void* start) {
  const std::unique_ptr<Start> owned(static_cast<Start*>(start));
  return reinterpret_cast<void*>(static_cast<intptr_t>(owned->run(owned->argument)));
}

int ToC11(int error) {
  if (error == 0) return thrd_success;
  return error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

pthread_mutex_t* Of(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* Of(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

}  // namespace

#define TESSERA_MUTEX "_ZN4absl7debian35Mutex"
#define TESSERA_NOTIFICATION "_ZN4absl7debian312Notification"
#define TESSERA_CONST_NOTIFICATION "_ZNK4absl7debian312Notification"

extern "C" {

void TsanLock(void* mutex) asm(TESSERA_MUTEX "4LockEv");
void TsanLock(void* mutex) {
  static auto* const real = Real<void(void*)>(TESSERA_MUTEX "4LockEv");
  real(mutex);
  __tsan_acquire(mutex);
}

bool TsanTryLock(void* mutex) asm(TESSERA_MUTEX "7TryLockEv");
bool TsanTryLock(void* mutex) {
  static auto* const real = Real<bool(void*)>(TESSERA_MUTEX "7TryLockEv");
  const bool locked = real(mutex);
  if (locked) __tsan_acquire(mutex);
  return locked;
}

void TsanUnlock(void* mutex) asm(TESSERA_MUTEX "6UnlockEv");
void TsanUnlock(void* mutex) {
  static auto* const real = Real<void(void*)>(TESSERA_MUTEX "6UnlockEv");
  __tsan_release(mutex);
  real(mutex);
}

void TsanReaderLock(void* mutex) asm(TESSERA_MUTEX "10ReaderLockEv");
void TsanReaderLock(void* mutex) {
  static auto* const real = Real<void(void*)>(TESSERA_MUTEX "10ReaderLockEv");
  real(mutex);
  __tsan_acquire(mutex);
}

void TsanReaderUnlock(void* mutex) asm(TESSERA_MUTEX "12ReaderUnlockEv");
void TsanReaderUnlock(void* mutex) {
  static auto* const real = Real<void(void*)>(TESSERA_MUTEX "12ReaderUnlockEv");
  __tsan_release(mutex);
  real(mutex);
}

void TsanAwait(void* mutex, const absl::Condition& condition) asm(TESSERA_MUTEX "5AwaitERKNS0_9ConditionE");
void TsanAwait(void* mutex, const absl::Condition& condition) {
  static auto* const real = Real<void(void*, const absl::Condition&)>(TESSERA_MUTEX "5AwaitERKNS0_9ConditionE");
  __tsan_release(mutex);
  real(mutex, condition);
  __tsan_acquire(mutex);
}

bool TsanAwaitFor(void* mutex, const absl::Condition& condition,
                  absl::Duration wait) asm(TESSERA_MUTEX "16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
bool TsanAwaitFor(void* mutex, const absl::Condition& condition, absl::Duration wait) {
  static auto* const real = Real<bool(void*, const absl::Condition&, absl::Duration)>(
      TESSERA_MUTEX "16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  __tsan_release(mutex);
  const bool holds = real(mutex, condition, wait);
  __tsan_acquire(mutex);
  return holds;
}

bool TsanAwaitUntil(void* mutex, const absl::Condition& condition,
                    absl::Time deadline) asm(TESSERA_MUTEX "17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
bool TsanAwaitUntil(void* mutex, const absl::Condition& condition, absl::Time deadline) {
  static auto* const real = Real<bool(void*, const absl::Condition&, absl::Time)>(
      TESSERA_MUTEX "17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  __tsan_release(mutex);
  const bool holds = real(mutex, condition, deadline);
  __tsan_acquire(mutex);
  return holds;
}

void TsanNotify(absl::Notification* notification) asm(TESSERA_NOTIFICATION "6NotifyEv");
void TsanNotify(absl::Notification* notification) {
  static auto* const real = Real<void(void*)>(TESSERA_NOTIFICATION "6NotifyEv");
  __tsan_release(notification);
  real(notification);
}

void TsanWait(const absl::Notification* notification) asm(TESSERA_CONST_NOTIFICATION "19WaitForNotificationEv");
void TsanWait(const absl::Notification* notification) {
  static auto* const real = Real<void(const void*)>(TESSERA_CONST_NOTIFICATION "19WaitForNotificationEv");
  real(notification);
  __tsan_acquire(const_cast<absl::Notification*>(notification));
}

bool TsanWaitFor(const absl::Notification* notification,
                 absl::Duration wait) asm(TESSERA_CONST_NOTIFICATION "30WaitForNotificationWithTimeoutENS0_8DurationE");
bool TsanWaitFor(const absl::Notification* notification, absl::Duration wait) {
  static auto* const real = Real<bool(const void*, absl::Duration)>(TESSERA_CONST_NOTIFICATION
                                                                    "30WaitForNotificationWithTimeoutENS0_8DurationE");
  const bool notified = real(notification, wait);
  if (notified) __tsan_acquire(const_cast<absl::Notification*>(notification));
  return notified;
}

int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  auto start = std::make_unique<Start>(Start{run, argument});
  const int error = pthread_create(thread, nullptr, Run, start.get());
  if (error == 0) (void)start.release();  // Run owns it now.
  return ToC11(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* answer = nullptr;
  const int error = pthread_join(thread, &answer);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<intptr_t>(answer));
  return ToC11(error);
}

int mtx_lock(mtx_t* mutex) { return ToC11(pthread_mutex_lock(Of(mutex))); }
int mtx_unlock(mtx_t* mutex) { return ToC11(pthread_mutex_unlock(Of(mutex))); }
int cnd_signal(cnd_t* condition) { return ToC11(pthread_cond_signal(Of(condition))); }
int cnd_broadcast(cnd_t* condition) { return ToC11(pthread_cond_broadcast(Of(condition))); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) { return ToC11(pthread_cond_wait(Of(condition), Of(mutex))); }
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return ToC11(pthread_cond_timedwait(Of(condition), Of(mutex), until));
}

}  // extern "C"
