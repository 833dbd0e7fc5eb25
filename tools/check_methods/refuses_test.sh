#!/usr/bin/env bash
# A method without a role, without a scope, or of a brand that its request does not name fails the check, by its name.
set -euo pipefail
check=$1 protoc=$2 protos=$3
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

refuses() {  # NAME OPTION EXPECTED_TEXT
  cat > "$scratch/$1.proto" <<PROTO
syntax = "proto3";
package tessera.bad.v1;
import "tessera/common/v1/options.proto";
message Request {}
service Bad { rpc $1(Request) returns (Request) { $2 } }
PROTO
  "$protoc" -I "$scratch" -I "$protos" -I /usr/include --include_imports \
    --descriptor_set_out="$scratch/set.pb" "$scratch/$1.proto"
  if said=$("$check" "$scratch/set.pb" 2>&1); then echo "$1 was not refused"; exit 1; fi
  [[ $said == *"tessera.bad.v1.Bad/$1 $3"* ]] || { echo "$1: $said"; exit 1; }
}

refuses WithoutOption '' 'names no roles'
refuses WithoutRole 'option (tessera.common.v1.auth) = {scope: SCOPE_ALL_BRANDS};' 'names no roles'
refuses WithEmptyRole 'option (tessera.common.v1.auth) = {roles: "" scope: SCOPE_ALL_BRANDS};' 'names no roles'
refuses WithoutScope 'option (tessera.common.v1.auth) = {roles: "a.reader"};' 'has no scope'
refuses WithoutBrand 'option (tessera.common.v1.auth) = {roles: "a.reader" scope: SCOPE_BRAND};' 'has scope BRAND'
