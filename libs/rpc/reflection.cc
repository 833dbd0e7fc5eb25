#include "rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>

#include "grpc/health/v1/health.pb.h"

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

constexpr int kNotFound = 5;
constexpr int kInvalidArgument = 3;

const pb::DescriptorPool& Pool() {
  grpc::health::v1::HealthCheckRequest::descriptor();  // Keeps the file linked: nothing else here needs its messages.
  return *pb::DescriptorPool::generated_pool();
}

void SetError(int code, const char* message, ServerReflectionResponse& response) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(message);
}

void AddFile(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>& added,
             ServerReflectionResponse& response) {
  if (!added.insert(&file).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
}

void AnswerFile(const pb::FileDescriptor* file, ServerReflectionResponse& response) {
  if (file == nullptr) return SetError(kNotFound, "there is no such symbol or file", response);
  std::set<const pb::FileDescriptor*> added;
  AddFile(*file, added, response);
}

void AnswerExtension(const grpc::reflection::v1alpha::ExtensionRequest& request, ServerReflectionResponse& response) {
  const pb::Descriptor* const type = Pool().FindMessageTypeByName(request.containing_type());
  const pb::FieldDescriptor* const extension =
      type == nullptr ? nullptr : Pool().FindExtensionByNumber(type, request.extension_number());
  AnswerFile(extension == nullptr ? nullptr : extension->file(), response);
}

void AnswerExtensionNumbers(const std::string& name, ServerReflectionResponse& response) {
  const pb::Descriptor* const type = Pool().FindMessageTypeByName(name);
  if (type == nullptr) return SetError(kNotFound, "there is no such message", response);
  std::vector<const pb::FieldDescriptor*> extensions;
  Pool().FindAllExtensions(type, &extensions);
  auto* const answer = response.mutable_all_extension_numbers_response();
  answer->set_base_type_name(name);
  for (const pb::FieldDescriptor* extension : extensions) answer->add_extension_number(extension->number());
}

}  // namespace

ServerReflectionResponse Reflect(const ServerReflectionRequest& request, const std::vector<std::string>& services) {
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      AnswerFile(Pool().FindFileByName(request.file_by_filename()), response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      AnswerFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()), response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      AnswerExtension(request.file_containing_extension(), response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      AnswerExtensionNumbers(request.all_extension_numbers_of_type(), response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services) {
        response.mutable_list_services_response()->add_service()->set_name(service);
      }
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      SetError(kInvalidArgument, "nothing is asked", response);
      break;
  }
  return response;
}

}  // namespace tessera::rpc
