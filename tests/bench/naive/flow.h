// The two services of the flow as ordinary consumers: each record in a transaction of its own, then each of its events
// produced and waited for. Every thread has a connection and partitions of its own. They serve until stdin ends.
#pragma once

#include <string>

namespace tessera::bench::naive {

// From the channel topic to the customer topic.
void ServeOneid(const std::string& topic_prefix, int connections);

// From the customer topic to balances and the topic of membership's events.
void ServeMembership(const std::string& topic_prefix, int connections);

}  // namespace tessera::bench::naive
