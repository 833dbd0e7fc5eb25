// Wiring of the sample service.
#include "engine/service_main.h"
#include "services/sample/api/activity_api.h"
#include "services/sample/service.h"

int main(int argc, char** argv) {
  using namespace tessera;
  return engine::ServiceMain(argc, argv, "sample", sample::EmbeddedFiles(),
                             [](const KeyFile&) -> absl::StatusOr<engine::ServiceParts> {
                               engine::ServiceParts parts;
                               parts.name = "sample";
                               parts.files = sample::EmbeddedFiles();
                               parts.service = sample::NewService();
                               parts.apis = {sample::RegisterActivityApi};
                               parts.topics = {"tessera.sample.events.v1", "", "tessera.sample.deadletters.v1", ""};
                               parts.topics_in = {{.name = "tessera.oneid.customer.v1", .partitions = engine::kSlots}};
                               return parts;
                             });
}
