#pragma once

#include <pthread.h>

#include <thread>
#include <utility>

namespace tessera {

// A thread that `top -H` and perf show by its name, of which the kernel keeps the first 15 bytes.
template <typename F>
std::thread StartThread(const char* name, F f) {
  return std::thread([name, f = std::move(f)]() mutable {
    pthread_setname_np(pthread_self(), name);
    f();
  });
}

}  // namespace tessera
