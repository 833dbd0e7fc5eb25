#include "services/oneid/api/merge_api.h"

#include "base/proto_time.h"
#include "rpc/paging.h"

namespace tessera::oneid {
namespace {

void Write(const RecordAnswer::Totals& totals, google::protobuf::Map<std::string, int64_t>* out) {
  for (const auto& [name, value] : totals) (*out)[name] = value;
}

}  // namespace

v1::Merge ToProto(const MergeView& view) {
  v1::Merge out;
  out.set_merge_id(view.id.ToString());
  out.set_group_id(view.merge.group.value);
  out.set_survivor_customer_id(view.merge.survivor.ToString());
  out.set_absorbed_customer_id(view.merge.absorbed.ToString());
  out.set_state(static_cast<v1::MergeState>(view.merge.state));
  *out.mutable_merge_time() = ToTimestamp(view.merge.time);
  *out.mutable_posted_time() = ToTimestamp(view.posted_time);
  if (view.merge.closed_time) *out.mutable_closed_time() = ToTimestamp(*view.merge.closed_time);
  out.set_cause_brand_id(view.merge.brand.value);
  out.set_cause_source(view.merge.source);
  out.set_cause_event_id(view.merge.event_id);
  out.set_mismatch(view.merge.mismatch);
  for (const AnswerView& answer : view.answers) {
    auto* one = out.add_answers();
    one->set_service(answer.service);
    Write(answer.answer.survivor_before, one->mutable_survivor_before());
    Write(answer.answer.absorbed_before, one->mutable_absorbed_before());
    Write(answer.answer.survivor_after, one->mutable_survivor_after());
    *one->mutable_answer_time() = ToTimestamp(answer.time);
  }
  return out;
}

absl::StatusOr<MergesQuery> MergesQueryOf(const v1::ListMergesRequest& request) {
  MergesQuery query;
  TESSERA_ASSIGN_OR_RETURN(query.brand, BrandField(request.brand_id()));
  if (request.state() < v1::MERGE_STATE_UNSPECIFIED || request.state() > v1::MERGE_STATE_MISMATCH) {
    return InvalidField("state", "is none of those that are declared");
  }
  if (request.state() != v1::MERGE_STATE_UNSPECIFIED) query.state = static_cast<MergeState>(request.state());
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  query.size = page.size;
  if (!page.position.empty()) {
    TESSERA_ASSIGN_OR_RETURN(query.after, IdField<MergeId>(page.position, "page_token"));
  }
  return query;
}

v1::ListMergesResponse MergesPage(const v1::ListMergesRequest& request, const std::vector<MergeView>& views,
                                  int32_t size) {
  v1::ListMergesResponse response;
  for (const MergeView& view : views) {
    if (response.merges_size() == size) {
      const std::string& last = response.merges(response.merges_size() - 1).merge_id();
      response.set_next_page_token(rpc::NextPageToken(request, last));
      break;
    }
    *response.add_merges() = ToProto(view);
  }
  return response;
}

}  // namespace tessera::oneid
