// What oneid tells membership, fed to membership's writers.
#pragma once

#include <string>

#include "google/protobuf/message.h"
#include "tests/bench/ours/record_feed.h"

namespace tessera::bench {

inline constexpr char kCustomerTopic[] = "tessera.oneid.customer.v1";

// A record of type com.tessera.oneid.<type>.v1 in the partition of its key.
void PushFact(RecordFeed& feed, const std::string& id, const std::string& key, const std::string& type,
              const google::protobuf::Message& data);

}  // namespace tessera::bench
