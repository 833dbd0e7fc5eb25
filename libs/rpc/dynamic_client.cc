#include "rpc/dynamic_client.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rpc/describe.h"
#include "rpc/readable_any.h"
#include "tessera/common/v1/options.pb.h"

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

constexpr std::string_view kReflection = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

std::string_view TextOf(const pb::util::Status& status) { return {status.message().data(), status.message().size()}; }

}  // namespace

struct DynamicClient::State {
  explicit State(Client& the_client) : client(the_client) { files.Add(UnreadableFile()); }

  absl::StatusOr<ServerReflectionResponse> Ask(const ServerReflectionRequest& question);
  absl::Status Learn(const std::string& symbol);
  absl::StatusOr<const pb::MethodDescriptor*> FindMethod(const std::string& method);
  const pb::Descriptor* FindType(const std::string& name);
  absl::StatusOr<std::string> FromJson(const pb::Descriptor& type, const std::string& json);
  absl::StatusOr<std::string> ToJson(const pb::Descriptor& type, const std::string& bytes, bool indented);

  Client& client;
  pb::SimpleDescriptorDatabase files;
  pb::DescriptorPool pool{&files};
  pb::DynamicMessageFactory factory{&pool};
};

absl::StatusOr<ServerReflectionResponse> DynamicClient::State::Ask(const ServerReflectionRequest& question) {
  ServerReflectionResponse answer;
  bool asked = false;
  absl::Status status = client.Stream(
      kReflection, {},
      [&]() -> std::optional<std::string> {
        if (asked) return std::nullopt;
        asked = true;
        return question.SerializeAsString();
      },
      [&](const std::string& bytes) { answer.ParseFromString(bytes); });
  if (!status.ok()) return status;
  if (answer.has_error_response()) {
    return absl::Status(static_cast<absl::StatusCode>(answer.error_response().error_code()),
                        answer.error_response().error_message());
  }
  return answer;
}

// Fetches the file of a symbol and all that it imports.
absl::Status DynamicClient::State::Learn(const std::string& symbol) {
  pb::FileDescriptorProto known;
  if (files.FindFileContainingSymbol(symbol, &known)) return absl::OkStatus();
  ServerReflectionRequest question;
  question.set_file_containing_symbol(symbol);
  TESSERA_ASSIGN_OR_RETURN(const ServerReflectionResponse answer, Ask(question));
  for (const std::string& bytes : answer.file_descriptor_response().file_descriptor_proto()) {
    pb::FileDescriptorProto file;
    if (!file.ParseFromString(bytes)) return absl::InternalError("the server sent a malformed description");
    if (!files.FindFileByName(file.name(), &known)) files.Add(file);
  }
  return absl::OkStatus();
}

absl::StatusOr<const pb::MethodDescriptor*> DynamicClient::State::FindMethod(const std::string& method) {
  std::string symbol = method;
  std::replace(symbol.begin(), symbol.end(), '/', '.');
  TESSERA_RETURN_IF_ERROR(Learn(symbol));
  const pb::MethodDescriptor* const descriptor = pool.FindMethodByName(symbol);
  if (descriptor == nullptr) return absl::NotFoundError(absl::StrCat("the server has no method ", method));
  return descriptor;
}

// A type that no field names, such as that of an Any; null if the server does not know it or cannot be asked.
const pb::Descriptor* DynamicClient::State::FindType(const std::string& name) {
  return Learn(name).ok() ? pool.FindMessageTypeByName(name) : nullptr;
}

absl::StatusOr<std::string> DynamicClient::State::FromJson(const pb::Descriptor& type, const std::string& json) {
  const std::unique_ptr<pb::Message> message(factory.GetPrototype(&type)->New());
  const auto parsed = pb::util::JsonStringToMessage(json, message.get());
  if (parsed.ok()) return message->SerializeAsString();
  return absl::InvalidArgumentError(
      absl::StrCat("the JSON is no ", type.full_name(), ": ", std::string(TextOf(parsed))));
}

absl::StatusOr<std::string> DynamicClient::State::ToJson(const pb::Descriptor& type, const std::string& bytes,
                                                         bool indented) {
  const std::unique_ptr<pb::Message> message(factory.GetPrototype(&type)->New());
  if (!message->ParseFromString(bytes)) return absl::InternalError("the response is of another type");
  MakeReadable(
      *message, [this](const std::string& name) { return FindType(name); }, factory);
  pb::util::JsonPrintOptions print;
  print.add_whitespace = indented;
  print.preserve_proto_field_names = true;
  print.always_print_primitive_fields = true;
  std::string text;
  const auto printed = pb::util::MessageToJsonString(*message, &text, print);
  if (printed.ok()) return text;
  return absl::InternalError(absl::StrCat("the response cannot be shown as JSON: ", std::string(TextOf(printed))));
}

DynamicClient::DynamicClient(Client& client) : state_(std::make_unique<State>(client)) {}

DynamicClient::~DynamicClient() = default;

absl::StatusOr<std::vector<std::string>> DynamicClient::ListServices() {
  ServerReflectionRequest question;
  question.set_list_services("*");
  TESSERA_ASSIGN_OR_RETURN(const ServerReflectionResponse answer, state_->Ask(question));
  std::vector<std::string> names;
  for (const auto& service : answer.list_services_response().service()) names.push_back(service.name());
  return names;
}

absl::StatusOr<std::vector<MethodDescription>> DynamicClient::ListMethods(const std::string& service) {
  TESSERA_RETURN_IF_ERROR(state_->Learn(service));
  const pb::ServiceDescriptor* const descriptor = state_->pool.FindServiceByName(service);
  if (descriptor == nullptr) return absl::NotFoundError(absl::StrCat("the server has no service ", service));
  std::vector<MethodDescription> methods;
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const pb::MethodDescriptor& method = *descriptor->method(i);
    const auto& roles = method.options().GetExtension(common::v1::auth).roles();
    methods.push_back({absl::StrCat(service, "/", method.name()),
                       {roles.begin(), roles.end()},
                       method.client_streaming() || method.server_streaming()});
  }
  return methods;
}

absl::StatusOr<std::string> DynamicClient::Describe(const std::string& symbol) {
  TESSERA_RETURN_IF_ERROR(state_->Learn(symbol));
  std::string text = ProtoText(state_->pool, symbol);
  if (text.empty()) return absl::NotFoundError(absl::StrCat("the server does not know ", symbol));
  return text;
}

absl::StatusOr<std::string> DynamicClient::CallJson(const std::string& method, const std::string& json,
                                                    const CallOptions& options) {
  TESSERA_ASSIGN_OR_RETURN(const pb::MethodDescriptor* const descriptor, state_->FindMethod(method));
  if (descriptor->client_streaming() || descriptor->server_streaming()) {
    return absl::InvalidArgumentError(absl::StrCat(method, " streams: it is no single call"));
  }
  TESSERA_ASSIGN_OR_RETURN(const std::string request, state_->FromJson(*descriptor->input_type(), json));
  TESSERA_ASSIGN_OR_RETURN(const std::string response, state_->client.CallBytes(method, request, options));
  return state_->ToJson(*descriptor->output_type(), response, /*indented=*/true);
}

absl::Status DynamicClient::StreamJson(const std::string& method,
                                       const std::function<std::optional<std::string>()>& next,
                                       const std::function<void(const std::string&)>& on_response,
                                       const CallOptions& options) {
  TESSERA_ASSIGN_OR_RETURN(const pb::MethodDescriptor* const descriptor, state_->FindMethod(method));
  absl::Status unfit_request, unfit_response;
  int64_t number = 0;
  const absl::Status ended = state_->client.Stream(
      method, options,
      [&]() -> std::optional<std::string> {
        const auto json = next();
        if (!json) return std::nullopt;
        ++number;
        auto bytes = state_->FromJson(*descriptor->input_type(), *json);
        if (bytes.ok()) return *std::move(bytes);
        unfit_request = absl::InvalidArgumentError(absl::StrCat("request ", number, ": ", bytes.status().message()));
        return std::nullopt;
      },
      [&](const std::string& bytes) {
        const auto json = state_->ToJson(*descriptor->output_type(), bytes, /*indented=*/false);
        if (json.ok()) {
          on_response(*json);
        } else {
          unfit_response = json.status();
        }
      });
  TESSERA_RETURN_IF_ERROR(unfit_request);
  TESSERA_RETURN_IF_ERROR(ended);
  return unfit_response;
}

}  // namespace tessera::rpc
