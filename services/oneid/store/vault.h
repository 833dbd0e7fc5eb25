// The keys of the process and what they are used for: ids of identifiers, and values sealed under their owner's key.
// InstallKeys is called once, before anything else here; then all functions are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "services/oneid/domain/ids.h"

namespace tessera::oneid {

void InstallKeys(const KeyFile& keys);

// UUIDv8 of the keyed hash of the normalised value: equal values of a group have equal ids, and nobody without the key
// can try values.
IdentifierId IdentifierIdOf(const GroupId& group, std::string_view name, std::string_view scope,
                            std::string_view value);

// A new person's key, wrapped under the group's key. `customer` is authenticated with it.
std::string NewPersonKey(const GroupId& group, const CustomerId& customer);

// The value under the person's key; nullopt if the wrapped key does not open.
std::optional<std::string> SealValue(const GroupId& group, const CustomerId& customer, std::string_view wrapped_key,
                                     const IdentifierId& id, std::string_view value);

// The value again; nullopt if the key is destroyed or the bytes are not what was sealed.
std::optional<std::string> OpenValue(const GroupId& group, const CustomerId& customer, std::string_view wrapped_key,
                                     const IdentifierId& id, std::string_view sealed);

}  // namespace tessera::oneid
