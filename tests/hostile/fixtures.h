// A good request of every method that the services offer.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>

namespace tessera::hostile {

// JSON of the request by "package.Service/Method". "$customer", "$hold", "$spend" and "$event" stand for what the test
// has made; request ids are put in by the test.
const std::map<std::string, std::string>& GoodRequests();

// A gRPC service by its full name, of those whose protos are linked by fixtures.cc; null for another.
const google::protobuf::ServiceDescriptor* FindService(const std::string& name);

}  // namespace tessera::hostile
