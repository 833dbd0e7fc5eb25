
#include "base/proto_time.h"
#include "base/status.h"
#include "services/membership/api/commands.h"
#include "services/membership/api/fields.h"
#include "services/membership/api/program_document.h"
#include "tessera/membership/v1/program_service.pb.h"

namespace tessera::membership::api {
namespace {

absl::StatusOr<engine::ApiCommand> ToPut(const v1::PutProgramRequest& request) {
  PutProgram command;
  TESSERA_ASSIGN_OR_RETURN(command.brand, BrandField(request.brand_id()));
  TESSERA_ASSIGN_OR_RETURN(const RequestId id, RequestField(request.request_id()));
  if (!request.has_program()) return InvalidField("program", "is required");
  command.program = FromProto(request.program());
  command.document = ToDocument(request.program());
  if (request.has_valid_from_time()) {
    TESSERA_ASSIGN_OR_RETURN(command.valid_from, TimeField(request.valid_from_time(), "valid_from_time"));
  }
  const BrandId brand = command.brand;
  return engine::ApiCommand{Wrap(std::move(command)), brand, id, "program/" + brand.value};
}

}  // namespace

std::string EncodeProgramReply(const ProgramReply& reply) {
  v1::PutProgramResponse response;
  response.set_version(reply.version);
  return response.SerializeAsString();
}

void RegisterProgramCommands(engine::Api& api) {
  api.Command<v1::PutProgramRequest>("tessera.membership.v1.ProgramService/PutProgram", &ToPut);
}

}  // namespace tessera::membership::api
