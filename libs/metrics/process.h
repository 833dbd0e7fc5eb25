// What the kernel knows of this process, under the names that Prometheus' own clients use.
#pragma once

namespace tessera::metrics {

// Sets process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds and process_start_time_seconds.
// Called by one thread.
void ObserveProcess();

}  // namespace tessera::metrics
