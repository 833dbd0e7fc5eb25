#include "services/oneid/store/vault.h"

#include "base/check.h"

namespace tessera::oneid {
namespace {

// Deciding is a set of plain functions without an object to hold the keys, so they belong to the process.
const KeyFile* installed = nullptr;

const KeyFile& Keys() {
  TESSERA_CHECK(installed != nullptr);
  return *installed;
}

std::string GroupKey(const GroupId& group) { return HmacOfParts(Keys().wrapping_key, {"group", group.value}); }

std::string_view BytesOf(const Uuid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

}  // namespace

void InstallKeys(const KeyFile& keys) { installed = new KeyFile(keys); }

IdentifierId IdentifierIdOf(const GroupId& group, std::string_view name, std::string_view scope,
                            std::string_view value) {
  return {UuidV8Of(HmacOfParts(Keys().id_key, {group.value, name, scope, value}))};
}

std::string NewPersonKey(const GroupId& group, const CustomerId& customer) {
  return Seal(GroupKey(group), RandomBytes(32), BytesOf(customer.uuid));
}

std::optional<std::string> SealValue(const GroupId& group, const CustomerId& customer, std::string_view wrapped_key,
                                     const IdentifierId& id, std::string_view value) {
  const auto key = Open(GroupKey(group), wrapped_key, BytesOf(customer.uuid));
  if (!key) return std::nullopt;
  return Seal(*key, value, BytesOf(id.uuid));
}

std::optional<std::string> OpenValue(const GroupId& group, const CustomerId& customer, std::string_view wrapped_key,
                                     const IdentifierId& id, std::string_view sealed) {
  const auto key = Open(GroupKey(group), wrapped_key, BytesOf(customer.uuid));
  if (!key) return std::nullopt;
  return Open(*key, sealed, BytesOf(id.uuid));
}

}  // namespace tessera::oneid
