// check_methods FILE: fails if a method in the descriptor set FILE does not say who may call it. Run by the build.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "rpc/method_rules.h"

namespace {

namespace pb = google::protobuf;

// Services of our own; those of gRPC itself (health, reflection) need no token, and testing/ has bad ones on purpose.
bool IsOurs(const pb::FileDescriptor& file) {
  const std::string& package = file.package();
  return package.starts_with("tessera.") && !package.starts_with("tessera.testing.");
}

// How many methods are wrong; each has its line.
int CountFaults(const pb::FileDescriptor& file) {
  int faults = 0;
  for (int s = 0; s < file.service_count(); ++s) {
    for (int m = 0; m < file.service(s)->method_count(); ++m) {
      const absl::Status checked = tessera::rpc::CheckMethodOptions(*file.service(s)->method(m));
      if (checked.ok()) continue;
      ++faults;
      std::fprintf(stderr, "%s: error: %s\n", file.name().c_str(), std::string(checked.message()).c_str());
    }
  }
  return faults;
}

}  // namespace

int main(int argc, char** argv) {
  std::ifstream in(argc == 2 ? argv[1] : "", std::ios::binary);
  pb::FileDescriptorSet set;
  if (argc != 2 || !set.ParseFromIstream(&in)) {
    std::fprintf(stderr, "usage: check_methods DESCRIPTOR_SET_FILE\n");
    return 2;
  }
  pb::DescriptorPool pool;
  int faults = 0;
  for (const pb::FileDescriptorProto& proto : set.file()) {
    const pb::FileDescriptor* const file = pool.BuildFile(proto);
    if (file == nullptr) return 2;  // protoc has accepted it, so this does not happen; the pool has told why.
    if (IsOurs(*file)) faults += CountFaults(*file);
  }
  return faults == 0 ? 0 : 1;
}
