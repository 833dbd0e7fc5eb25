#include <algorithm>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {

void MergeInto(Resolution& r, const CustomerId& survivor, const CustomerId& absorbed) {
  auto& customers = r.tables.customers;
  const ResolveEvent& event = *r.event;
  const MergeId merge{UuidV7Of(event.time, {r.group().value, "merge", survivor.ToString(), absorbed.ToString(),
                                            event.key.brand.value, event.key.source, event.key.event_id})};
  Customer& living = customers.Edit(survivor);
  Customer& gone = customers.Edit(absorbed);
  CustomersMerged fact{merge, r.group(), survivor, absorbed, event.time, {}, {}};
  for (const MergeId& before : {living.last_change, gone.last_change}) {
    if (!before.is_nil() && (fact.after.empty() || fact.after.front() != before)) fact.after.push_back(before);
  }
  for (const Brand& brand : r.config.brands) fact.brands.push_back(brand.id);
  living.last_change = gone.last_change = merge;

  std::vector<CustomerId> moved = r.tables.sides.At(absorbed).others;
  moved.push_back(absorbed);
  for (const CustomerId& side : moved) customers.Edit(side).root = survivor;
  auto& others = r.tables.sides.Edit(survivor).others;
  others.insert(others.end(), moved.begin(), moved.end());
  r.tables.sides.Edit(absorbed).others.clear();

  r.tables.merges.Insert(merge, {.group = r.group(),
                                 .survivor = survivor,
                                 .absorbed = absorbed,
                                 .time = event.time,
                                 .brand = event.key.brand,
                                 .source = event.key.source,
                                 .event_id = event.key.event_id});
  r.touched.insert(survivor);
  r.touched.insert(absorbed);
  r.changed = true;
  r.record.merges.push_back(merge);
  r.facts.emplace_back(std::move(fact));
}

}  // namespace tessera::oneid
