// What a test run gives its tests. Ends the process with a message that says what to do if something is missing.
#pragma once

#include <string>

namespace tessera::testing {

// The value of an environment variable that `tools/dev test` sets, such as TESSERA_TEST_BROKERS.
std::string RequiredEnvironment(const std::string& name);

// "prefix-<random>": for topics and files of one test.
std::string Unique(const std::string& prefix);

}  // namespace tessera::testing
