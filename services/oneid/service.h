// oneid as the engine sees it.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/embedded_file.h"
#include "engine/api.h"
#include "engine/observer.h"
#include "engine/partitions.h"
#include "engine/service.h"
#include "services/oneid/api/intake_api.h"

namespace tessera::oneid {

struct ServiceOptions {
  KeyFile keys;
  std::string channel_topic = "tessera.channel.events.v1";
  // Topics of answers to merges, and the services that must answer before a merge is complete.
  std::set<std::string> answer_topics = {"tessera.membership.answers.v1"};
  std::set<std::string> answering_services = {"membership"};
};

// Called once per process: the keys are the process'.
std::unique_ptr<engine::Service> NewService(ServiceOptions options);

// AdminService, IdentityService and MergeService. Needs the keys: after NewService.
void RegisterApi(engine::Api& api);

// IntakeService, which only publishes to the channel topic.
void RegisterIntake(rpc::Server& server, std::shared_ptr<EventSink> sink);

// Migrations and checks (generated).
const std::vector<EmbeddedFile>& EmbeddedFiles();

// Tables whose partitions the engine keeps ahead of the clock.
std::vector<engine::PartitionedTable> PartitionedTables();

// What operators watch beside what every service tells.
std::vector<engine::ObservedGauge> Gauges();

}  // namespace tessera::oneid
