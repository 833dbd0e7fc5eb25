// Every place in a message where a stranger may put something, found by reflection.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <functional>
#include <string>
#include <vector>

namespace tessera::hostile {

namespace pb = google::protobuf;

// A field, and the way to it from the message: through first elements of what is repeated.
struct Spot {
  std::vector<const pb::FieldDescriptor*> way;
  std::string path;  // as errors name it: "items[0].customer_id", "labels.key"

  const pb::FieldDescriptor& field() const { return *way.back(); }
  // google.protobuf.Timestamp or Duration: a value, not a message.
  bool IsTime() const;
};

// All fields at any depth that are no messages, and all that are times.
std::vector<Spot> SpotsOf(const pb::Descriptor& type);

// A value at a field of `message`, which is the one that holds the field; `index` is -1 unless it is repeated.
using Put = std::function<void(pb::Message& message, const pb::FieldDescriptor& field, int index)>;

// Puts a value at the spot; makes what is missing on the way.
void Plant(pb::Message& message, const Spot& spot, const Put& put);

// A value to be planted.
struct Hostile {
  std::string name;
  Put put;
  bool must_be_named = false;  // always InvalidArgument with this very field
};

// What to try at a field of this kind; empty for those of which every value is as good (bool).
std::vector<Hostile> HostileValues(const Spot& spot);

}  // namespace tessera::hostile
