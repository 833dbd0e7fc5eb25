// Makes the google.protobuf.Any of a message such that the message can be shown as JSON. Pure but for `find_type`.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/message.h>

#include <functional>
#include <string>

namespace tessera::rpc {

// The file of the type that stands for what cannot be read; the pool of FindType must have it.
google::protobuf::FileDescriptorProto UnreadableFile();

// The type of this full name, in the pool of the message that is made readable; null if nobody knows it.
using FindType = std::function<const google::protobuf::Descriptor*(const std::string& full_name)>;

// Replaces every Any at any depth whose type is not known, or whose bytes are none of its type, by an Any of
// tessera.rpc.Unreadable that holds its type_url and its bytes: one part that nobody knows keeps nothing else from
// being read.
void MakeReadable(google::protobuf::Message& message, const FindType& find_type,
                  google::protobuf::MessageFactory& factory);

}  // namespace tessera::rpc
