#include "services/oneid/domain/configure.h"
#include "services/oneid/domain/domain.h"
#include "services/oneid/domain/record_answer.h"
#include "services/oneid/domain/resolve.h"

namespace tessera::oneid {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

engine::WaitKey BrandWaitKey(const BrandId& brand) { return {"brand/" + brand.value}; }

void Keys(const Command& command, Need& need) {
  std::visit(Overloaded{[&](const ResolveEventPtr& event) {
                          need.events.emplace(event->key, event);
                          need.brands.insert(event->key.brand);
                        },
                        [&](const RecordAnswer& answer) { need.merges.insert(answer.merge); },
                        [&](const PutBrandGroupPtr& put) {
                          need.changes_configuration = true;
                          need.groups.insert(put->group);
                          for (const Brand& brand : put->brands) {
                            need.brands.insert(brand.id);
                            need.wakes.insert(BrandWaitKey(brand.id));
                          }
                        },
                        [&](const PutNamespacePtr& put) {
                          need.changes_configuration = true;
                          need.brands.insert(put->brand);
                        }},
             command);
}

OneidOutcome Decide(Tables& tables, const Command& command, absl::Time now) {
  return std::visit(Overloaded{[&](const ResolveEventPtr& event) { return DecideEvent(tables, event, now); },
                               [&](const RecordAnswer& answer) { return DecideAnswer(tables, answer, now); },
                               [&](const PutBrandGroupPtr& put) { return DecideBrandGroup(tables, *put); },
                               [&](const PutNamespacePtr& put) { return DecideNamespace(tables, *put); }},
                    command);
}

}  // namespace tessera::oneid
