#include "pg/params.h"

#include <bit>
#include <cstring>

namespace tessera::pg {
namespace {

constexpr int64_t kPgEpochUnixMicros = 946'684'800'000'000;  // 2000-01-01T00:00:00Z

template <class T>
void AppendBigEndian(std::string& out, T v) {
  for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(v >> shift));
  }
}

}  // namespace

int64_t ToPgMicros(absl::Time time) {
  if (time == absl::InfiniteFuture()) return INT64_MAX;
  if (time == absl::InfinitePast()) return INT64_MIN;
  return absl::ToUnixMicros(time) - kPgEpochUnixMicros;
}

absl::Time FromPgMicros(int64_t micros) {
  if (micros == INT64_MAX) return absl::InfiniteFuture();
  if (micros == INT64_MIN) return absl::InfinitePast();
  return absl::FromUnixMicros(micros + kPgEpochUnixMicros);
}

std::string ArrayText(const std::vector<int64_t>& values) {
  std::string text = "{";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text.push_back(',');
    text += std::to_string(values[i]);
  }
  return text + "}";
}

namespace internal {

void AppendInt16(std::string& out, int16_t v) { AppendBigEndian(out, static_cast<uint16_t>(v)); }
void AppendInt32(std::string& out, int32_t v) { AppendBigEndian(out, static_cast<uint32_t>(v)); }
void AppendInt64(std::string& out, int64_t v) { AppendBigEndian(out, static_cast<uint64_t>(v)); }

void PatchLength(std::string& out, size_t at) {
  const auto length = static_cast<uint32_t>(out.size() - at - 4);
  for (int i = 0; i < 4; ++i) out[at + i] = static_cast<char>(length >> (8 * (3 - i)));
}

void Type<bool>::Append(std::string& out, const bool& v) { out.push_back(v ? 1 : 0); }
void Type<int16_t>::Append(std::string& out, const int16_t& v) { AppendInt16(out, v); }
void Type<int32_t>::Append(std::string& out, const int32_t& v) { AppendInt32(out, v); }
void Type<int64_t>::Append(std::string& out, const int64_t& v) { AppendInt64(out, v); }
void Type<std::string>::Append(std::string& out, const std::string& v) { out += v; }
void Type<std::string_view>::Append(std::string& out, const std::string_view& v) { out += v; }
void Type<Bytes>::Append(std::string& out, const Bytes& v) { out += v.value; }
void Type<Uuid>::Append(std::string& out, const Uuid& v) {
  out.append(reinterpret_cast<const char*>(v.bytes.data()), v.bytes.size());
}
void Type<BrandId>::Append(std::string& out, const BrandId& v) { out += v.value; }
void Type<absl::Time>::Append(std::string& out, const absl::Time& v) { AppendInt64(out, ToPgMicros(v)); }

}  // namespace internal
}  // namespace tessera::pg
