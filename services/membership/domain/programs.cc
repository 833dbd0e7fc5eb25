#include "services/membership/domain/programs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/strings.h"
#include "services/membership/domain/due.h"
#include "services/membership/domain/orders.h"

namespace tessera::membership {
namespace {

engine::TimerKey ProgramTimer(const BrandId& brand) {
  return {Uuid(), brand, static_cast<int16_t>(TimerKind::kProgram)};
}

// The first time after `now` at which another version comes into force; InfiniteFuture if none does.
absl::Time NextVersionTime(const Tables& tables, const BrandId& brand, absl::Time now) {
  absl::Time next = absl::InfiniteFuture();
  tables.program.Range({brand, 0}, {brand, INT32_MAX}, [&](const ProgramKey&, const ProgramVersion& version) {
    if (version.valid_from > now) next = std::min(next, version.valid_from);
  });
  return next;
}

// When a version is in force that is to be so at once: not before another that was, by the clock of an instance that
// is ahead; otherwise this one would never be.
absl::Time AtOnce(const Tables& tables, const BrandId& brand, absl::Time now) {
  absl::Time time = now;
  tables.program.Range({brand, 0}, {brand, INT32_MAX}, [&](const ProgramKey&, const ProgramVersion& version) {
    if (version.valid_from <= version.created) time = std::max(time, version.valid_from);
  });
  return time;
}

std::optional<Refusal> CheckAgainst(const Tables& tables, const BrandId& brand, const Program& program) {
  std::optional<Refusal> refusal;
  tables.program.Range({brand, 0}, {brand, INT32_MAX}, [&](const ProgramKey&, const ProgramVersion& version) {
    if (version.program->id != program.id) {
      refusal = {Reason::kProgramOther, "program.program_id", "the brand's program is " + version.program->id};
    }
    for (size_t i = 0; i < program.currencies.size(); ++i) {
      const Currency& currency = program.currencies[i];
      const Currency* before = version.program->FindCurrency(currency.name);
      if (before == nullptr || (before->kind == currency.kind && before->slides() == currency.slides())) continue;
      refusal = {Reason::kCurrencyFixed, absl::StrCat("program.currencies[", i, "]"),
                 "kind and sliding of a stored currency never change"};
    }
  });
  return refusal;
}

}  // namespace

Outcome Decide(Tables& tables, const BrandChanged& command, absl::Time) {
  const Brand* known = tables.brand.Find(command.brand);
  if (known != nullptr && known->version >= command.version) return Done{};
  Brand& brand = tables.brand.Edit(command.brand);
  brand.group = command.group;
  brand.time_zone = command.time_zone;
  brand.region = command.region;
  brand.currency = command.currency;
  brand.version = command.version;
  brand.zone = command.zone;
  Done done;
  done.wakes.push_back(WaitForBrand(command.brand));
  return done;
}

Outcome Decide(Tables& tables, const PutProgram& command, absl::Time now) {
  const Brand* known = tables.brand.Find(command.brand);
  if (known == nullptr) return Refusal{Reason::kBrandUnknown, "brand_id"};
  const std::vector<ProgramMistake> mistakes = ValidateProgram(command.program);
  if (!mistakes.empty()) {
    const ProgramMistake& first = mistakes.front();
    return Refusal{Reason::kProgramInvalid, "program." + first.path, first.reason + ": " + first.message};
  }
  if (auto refusal = CheckAgainst(tables, command.brand, command.program)) return *refusal;
  int32_t version = 0;
  tables.program.Range({command.brand, 0}, {command.brand, INT32_MAX},
                       [&](const ProgramKey& key, const ProgramVersion&) { version = key.version; });
  ++version;
  Brand& brand = tables.brand.Edit(command.brand);
  auto program = std::make_shared<Program>(command.program);
  AssignNumbers(*program, brand.names);
  brand.rejudge_after = CustomerId();
  ProgramVersion row;
  row.valid_from = command.valid_from.value_or(AtOnce(tables, command.brand, now));
  row.created = now;
  row.document = command.document;
  row.program = std::move(program);
  tables.program.Insert({command.brand, version}, std::move(row));
  Done done;
  done.reply = ProgramReply{version};
  // At once, also for a version of the future: a pass may be under way, and it is the pass that sets the next time.
  done.timers.push_back({ProgramTimer(command.brand), now});
  return done;
}

Outcome RejudgeMembers(Tables& tables, const BrandId& brand, absl::Time now) {
  Done done;
  done.timers.push_back({ProgramTimer(brand), std::nullopt});
  const Brand* known = tables.brand.Find(brand);
  if (known == nullptr) return done;
  const CustomerId after = known->rejudge_after;
  const std::vector<CustomerId>* page = tables.ranges.FindPage(brand, after);
  if (page == nullptr) {
    Need need;
    need.page_after[brand] = after;
    return More{std::move(need)};
  }
  for (const CustomerId& customer : *page) {
    const Cause cause = {"timer", absl::StrCat("program/", customer.ToString(), "/", absl::ToUnixMicros(now)), now};
    Books books(tables, {customer, brand}, cause, now);
    BringUpToDate(books);
    Outcome outcome = books.Finish({});
    auto* judged = std::get_if<Done>(&outcome);
    if (judged == nullptr) return outcome;
    for (auto& fact : judged->facts) done.facts.push_back(std::move(fact));
    for (auto& timer : judged->timers) done.timers.push_back(std::move(timer));
  }
  const absl::Time next = NextVersionTime(tables, brand, now);
  if (page->empty()) {
    tables.brand.Edit(brand).rejudge_after = CustomerId();
    if (next != absl::InfiniteFuture()) done.timers.front().due = next;
  } else {
    tables.brand.Edit(brand).rejudge_after = page->back();
    done.timers.front().due = now;
  }
  return done;
}

}  // namespace tessera::membership
