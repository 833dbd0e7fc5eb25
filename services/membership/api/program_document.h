// Programs as documents: the proto and its JSON on one side, the domain's form on the other. Pure, thread-safe.
#pragma once

#include <string>

#include "services/membership/domain/program.h"
#include "tessera/membership/v1/program.pb.h"

namespace tessera::membership::api {

// What cannot be in a program is noted in read_mistakes; ValidateProgram tells it with the rest.
Program FromProto(const v1::Program& document);

// The document as it is stored.
std::string ToDocument(const v1::Program& document);

// A stored document.
v1::Program ProtoOf(const std::string& document);
Program FromDocument(const std::string& document);

}  // namespace tessera::membership::api
