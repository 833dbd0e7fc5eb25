// Discovering and locking what a batch needs.
#include <algorithm>

#include "services/membership/domain/orders.h"
#include "services/membership/store/codec.h"
#include "services/membership/store/store.h"

namespace tessera::membership::store {
namespace {

constexpr pg::Statement kOrderOwners = {
    "order_owners",
    "SELECT o.customer_id, o.brand_id FROM unnest($1::text[], $2::text[], $3::text[]) AS k(order_id, order_source, "
    "brand_id) JOIN shop_order o ON o.order_id = k.order_id AND o.order_source = k.order_source AND "
    "o.brand_id = k.brand_id"};

// A page of the enrolled members of a brand, by customer id.
constexpr pg::Statement kMemberPage = {
    "member_page",
    "SELECT customer_id FROM member WHERE customer_id > $1 AND brand_id = $2 AND root_id = customer_id AND "
    "enrolled_time IS NOT NULL ORDER BY customer_id LIMIT 200"};

constexpr pg::Statement kRoots = {
    "member_roots",
    "SELECT m.customer_id, m.brand_id, m.root_id FROM unnest($1::uuid[], $2::text[]) AS k(customer_id, brand_id) JOIN "
    "member m ON m.customer_id = k.customer_id AND m.brand_id = k.brand_id"};

constexpr pg::Statement kLockKeys = {"lock_keys",
                                     "SELECT pg_advisory_xact_lock(k.hash) FROM unnest($1::int8[]) AS k(hash)"};

constexpr pg::Statement kLockMembers = {
    "lock_members",
    "SELECT 1 FROM unnest($1::uuid[], $2::text[]) AS k(customer_id, brand_id) JOIN member m ON "
    "m.customer_id = k.customer_id AND m.brand_id = k.brand_id ORDER BY m.customer_id, m.brand_id FOR UPDATE OF m"};

void DiscoverOrderOwners(pg::Tx& tx, Need& need) {
  if (need.orders.empty()) return;
  std::vector<std::string> ids, sources;
  std::vector<BrandId> brands;
  for (const OrderKey& key : need.orders) {
    ids.push_back(key.order_id);
    sources.push_back(key.order_source);
    brands.push_back(key.brand);
  }
  for (const pg::Row row : tx.Run(kOrderOwners, ids, sources, brands)) {
    need.members.insert({row.Get<CustomerId>(0), row.Get<BrandId>(1)});
  }
}

void DiscoverPages(pg::Tx& tx, Need& need) {
  for (const auto& [brand, after] : need.page_after) {
    std::vector<CustomerId>& page = need.pages[brand];
    page.clear();
    for (const pg::Row row : tx.Run(kMemberPage, after, brand)) page.push_back(row.Get<CustomerId>(0));
    for (const CustomerId& customer : page) need.members.insert({customer, brand});
  }
}

void DiscoverRoots(pg::Tx& tx, Need& need) {
  need.roots.clear();
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;
  for (const MemberKey& key : need.members) {
    need.roots[key] = std::nullopt;
    customers.push_back(key.customer);
    brands.push_back(key.brand);
  }
  if (customers.empty()) return;
  for (const pg::Row row : tx.Run(kRoots, customers, brands)) {
    need.roots[{row.Get<CustomerId>(0), row.Get<BrandId>(1)}] = row.Get<CustomerId>(2);
  }
  for (const MemberKey& key : need.merging) {
    if (const auto& root = need.roots[key]) need.wakes.insert(WaitForRoot(*root));
  }
}

void LockKeys(pg::Tx& tx, const Need& need) {
  std::vector<int64_t> hashes;
  for (const OrderKey& key : need.orders) {
    hashes.push_back(StableHash({"order", key.brand.value, key.order_source, key.order_id}));
  }
  for (const MergeId& merge : need.merges) hashes.push_back(StableHash({"merge", merge.ToString()}));
  for (const BrandId& brand : need.changed_brands) hashes.push_back(StableHash({"brand", brand.value}));
  for (const auto& [key, root] : need.roots) {
    if (!root) hashes.push_back(StableHash({"member", key.brand.value, key.customer.ToString()}));
  }
  if (hashes.empty()) return;
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  tx.Send(kLockKeys, hashes);
}

}  // namespace

bool Discover(pg::Tx& tx, Need& need) {
  DiscoverOrderOwners(tx, need);
  DiscoverPages(tx, need);
  DiscoverRoots(tx, need);
  return false;
}

void Lock(pg::Tx& tx, const Need& need) {
  LockKeys(tx, need);
  std::set<MemberKey> roots;
  for (const auto& [key, root] : need.roots) {
    if (root) roots.insert({*root, key.brand});
  }
  if (roots.empty()) return;
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;
  for (const MemberKey& key : roots) {
    customers.push_back(key.customer);
    brands.push_back(key.brand);
  }
  tx.Send(kLockMembers, customers, brands);
}

}  // namespace tessera::membership::store
