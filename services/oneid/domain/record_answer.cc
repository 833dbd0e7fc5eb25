#include "services/oneid/domain/record_answer.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/checked.h"

namespace tessera::oneid {
namespace {

int64_t TotalOf(const RecordAnswer::Totals& totals, const std::string& name) {
  auto at = totals.find(name);
  return at == totals.end() ? 0 : at->second;
}

// What does not add up within one service: "membership points_available: 100 + 50 is not 140"; "" if all does.
std::string Difference(const RecordAnswer& answer) {
  std::set<std::string> names;
  for (const auto* totals : {&answer.survivor_before, &answer.absorbed_before, &answer.survivor_after}) {
    for (const auto& [name, value] : *totals) names.insert(name);
  }
  std::string difference;
  for (const std::string& name : names) {
    const int64_t survivor = TotalOf(answer.survivor_before, name);
    const int64_t absorbed = TotalOf(answer.absorbed_before, name);
    const int64_t after = TotalOf(answer.survivor_after, name);
    if (CheckedAdd(survivor, absorbed) == after) continue;
    if (!difference.empty()) difference += "; ";
    absl::StrAppend(&difference, answer.service, " ", name, ": ", survivor, " + ", absorbed, " is not ", after);
  }
  return difference;
}

bool AllAnswered(const Tables& tables, const RecordAnswer& answer) {
  std::set<std::string> missing = answer.required_services;
  tables.answers.Range({answer.merge, ""}, {answer.merge, "\xff"},
                       [&](const AnswerKey& key, const Answer&) { missing.erase(key.service); });
  return missing.empty();
}

}  // namespace

OneidOutcome DecideAnswer(Tables& tables, const RecordAnswer& answer, absl::Time now) {
  const Merge* merge = tables.merges.Find(answer.merge);
  if (merge == nullptr) return OneidRefusal{Reason::kMergeUnknown, "merge_id"};
  const AnswerKey key{answer.merge, answer.service};
  const Answer content{answer.survivor_before, answer.absorbed_before, answer.survivor_after};
  if (const Answer* before = FindIfThere(tables.answers, key)) {
    if (*before == content) return OneidDone{};
    return OneidRefusal{Reason::kAnswerChanged, "service", "it answered this merge before with other totals"};
  }
  tables.answers.Insert(key, content);
  OneidDone done;
  const std::string difference = Difference(answer);
  if (!difference.empty()) {
    Merge& edit = tables.merges.Edit(answer.merge);
    edit.state = MergeState::kMismatch;
    edit.mismatch = edit.mismatch.empty() ? difference : absl::StrCat(edit.mismatch, "; ", difference);
    edit.closed_time = now;
  } else if (merge->state == MergeState::kOpen && AllAnswered(tables, answer)) {
    Merge& edit = tables.merges.Edit(answer.merge);
    edit.state = MergeState::kComplete;
    edit.closed_time = now;
    done.facts.emplace_back(MergeCompleted{answer.merge, edit.group, edit.survivor});
  }
  return done;
}

}  // namespace tessera::oneid
