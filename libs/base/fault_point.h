// Named places where tests make things go wrong. Compiled to nothing without TESSERA_FAULT_POINTS. Thread-safe.
//
// A process reads TESSERA_FAULTS at its start: "name=kill@3,other=fail@1" kills the process (SIGKILL, to itself) at the
// third arrival at `name`, and makes the first arrival at `other` report a failure. Either tells so in a line of the
// log.
#pragma once

#include <string_view>

namespace tessera {

#ifdef TESSERA_FAULT_POINTS
// True if the code at this point shall behave as if the operation had failed.
bool FaultPoint(std::string_view name);

// For tests inside one process: arms `name` as the text "fail@N" or "kill@N" says; "" disarms.
void ArmFault(std::string_view name, std::string_view what);
#else
inline bool FaultPoint(std::string_view) { return false; }
#endif

}  // namespace tessera
