// Membership as the engine sees it.
#pragma once

#include <memory>
#include <vector>

#include "base/embedded_file.h"
#include "engine/api.h"
#include "engine/partitions.h"
#include "engine/service.h"

namespace tessera::membership {

// Consumes tessera.oneid.customer.v1.
std::unique_ptr<engine::Service> NewService();

// Offers ProgramService, MemberService and PointsService.
void RegisterApi(engine::Api& api);

// Migrations and checks (generated).
const std::vector<EmbeddedFile>& EmbeddedFiles();

// Tables whose partitions the engine keeps ahead of the clock.
std::vector<engine::PartitionedTable> PartitionedTables();

}  // namespace tessera::membership
