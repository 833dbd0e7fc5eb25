#include "tests/hostile/spots.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tessera::hostile {
namespace {

using Field = pb::FieldDescriptor;

bool IsTimeType(const Field& field) {
  if (field.cpp_type() != Field::CPPTYPE_MESSAGE) return false;
  const auto type = field.message_type()->well_known_type();
  return type == pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP || type == pb::Descriptor::WELLKNOWNTYPE_DURATION;
}

std::string PathOf(const std::vector<const Field*>& way) {
  std::string path;
  for (const Field* field : way) {
    if (!path.empty()) path += ".";
    path += field->name();
    if (field->is_repeated() && !field->is_map()) path += "[0]";
  }
  return path;
}

void Walk(const pb::Descriptor& type, std::vector<const Field*>& way, std::set<const pb::Descriptor*>& open,
          std::vector<Spot>& spots) {
  if (!open.insert(&type).second) return;  // A message within itself says nothing new.
  for (int i = 0; i < type.field_count(); ++i) {
    const Field* const field = type.field(i);
    way.push_back(field);
    if (field->cpp_type() == Field::CPPTYPE_MESSAGE && !IsTimeType(*field)) {
      Walk(*field->message_type(), way, open, spots);
    } else {
      spots.push_back({way, PathOf(way)});
    }
    way.pop_back();
  }
  open.erase(&type);
}

// Adds the first element of a repeated field unless there is one.
pb::Message& FirstMessage(pb::Message& message, const Field& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) return *reflection.MutableMessage(&message, &field);
  if (reflection.FieldSize(message, &field) == 0) return *reflection.AddMessage(&message, &field);
  return *reflection.MutableRepeatedMessage(&message, &field, 0);
}

void AddElement(pb::Message& message, const Field& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return reflection.AddString(&message, &field, "");
    case Field::CPPTYPE_INT32:
      return reflection.AddInt32(&message, &field, 0);
    case Field::CPPTYPE_INT64:
      return reflection.AddInt64(&message, &field, 0);
    case Field::CPPTYPE_ENUM:
      return reflection.AddEnumValue(&message, &field, 0);
    case Field::CPPTYPE_BOOL:
      return reflection.AddBool(&message, &field, false);
    default:
      return;  // No message of ours repeats others.
  }
}

Put Text(std::string value) {
  return [value = std::move(value)](pb::Message& message, const Field& field, int index) {
    const pb::Reflection& reflection = *message.GetReflection();
    index < 0 ? reflection.SetString(&message, &field, value)
              : reflection.SetRepeatedString(&message, &field, index, value);
  };
}

Put Number(int64_t value) {
  return [value](pb::Message& message, const Field& field, int index) {
    const pb::Reflection& reflection = *message.GetReflection();
    const auto small = static_cast<int32_t>(
        std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
    if (field.cpp_type() == Field::CPPTYPE_ENUM) {
      index < 0 ? reflection.SetEnumValue(&message, &field, small)
                : reflection.SetRepeatedEnumValue(&message, &field, index, small);
    } else if (field.cpp_type() == Field::CPPTYPE_INT32) {
      index < 0 ? reflection.SetInt32(&message, &field, small)
                : reflection.SetRepeatedInt32(&message, &field, index, small);
    } else {
      index < 0 ? reflection.SetInt64(&message, &field, value)
                : reflection.SetRepeatedInt64(&message, &field, index, value);
    }
  };
}

Put Time(int64_t seconds, int32_t nanos) {
  return [seconds, nanos](pb::Message& message, const Field& field, int) {
    pb::Message& time = FirstMessage(message, field);
    const pb::Descriptor& type = *time.GetDescriptor();
    time.GetReflection()->SetInt64(&time, type.FindFieldByName("seconds"), seconds);
    time.GetReflection()->SetInt32(&time, type.FindFieldByName("nanos"), nanos);
  };
}

std::vector<Hostile> HostileTexts() {
  return {{"SQL", Text("'; DROP TABLE customer; --")},
          {"SQL of a function", Text("' || pg_sleep(10) || '")},
          {"format", Text("%s%n${x}{{x}}\\u0000\r\n\x1b[2J")},
          {"path", Text("../../../../etc/passwd")},
          {"long", Text(std::string(4'000, 'x'))},
          {"NUL", Text(std::string("a\0b", 3)), true},
          {"no UTF-8", Text("a\xFF\xFE"), true},
          {"overlong NUL", Text("a\xC0\x80"), true},
          {"marks of direction", Text("abc\u202E\u2066cba"), true},
          {"1 MB", Text(std::string(1'000'000, 'x')), true}};
}

std::vector<Hostile> HostileNumbers() {
  return {{"-1", Number(-1)},
          {"0", Number(0)},
          {"the largest", Number(std::numeric_limits<int64_t>::max())},
          {"the smallest", Number(std::numeric_limits<int64_t>::min())},
          {"a million million", Number(1'000'000'000'000)}};
}

std::vector<Hostile> HostileTimes() {
  constexpr int64_t kYear1 = -62'135'596'800, kYear9999 = 253'402'300'799;
  return {{"year 1", Time(kYear1, 0)},
          {"year 9999", Time(kYear9999, 999'999'999)},
          {"before year 1", Time(kYear1 - 1, 0)},
          {"after year 9999", Time(kYear9999 + 1, 0)},
          {"the largest", Time(std::numeric_limits<int64_t>::max(), 999'999'999)},
          {"the smallest", Time(std::numeric_limits<int64_t>::min(), 0)},
          {"nanos below 0", Time(1'700'000'000, -1)},
          {"too many nanos", Time(1'700'000'000, 2'000'000'000)}};
}

}  // namespace

bool Spot::IsTime() const { return IsTimeType(field()); }

std::vector<Spot> SpotsOf(const pb::Descriptor& type) {
  std::vector<Spot> spots;
  std::vector<const Field*> way;
  std::set<const pb::Descriptor*> open;
  Walk(type, way, open, spots);
  return spots;
}

void Plant(pb::Message& message, const Spot& spot, const Put& put) {
  pb::Message* holder = &message;
  for (size_t i = 0; i + 1 < spot.way.size(); ++i) holder = &FirstMessage(*holder, *spot.way[i]);
  const Field& field = spot.field();
  if (!field.is_repeated()) return put(*holder, field, -1);
  if (holder->GetReflection()->FieldSize(*holder, &field) == 0) AddElement(*holder, field);
  put(*holder, field, 0);
}

std::vector<Hostile> HostileValues(const Spot& spot) {
  if (spot.IsTime()) return HostileTimes();
  switch (spot.field().cpp_type()) {
    case Field::CPPTYPE_STRING:
      if (spot.field().type() == Field::TYPE_STRING) return HostileTexts();
      return {{"1 MB of bytes", Text(std::string(1'000'000, '\xFF'))}};
    case Field::CPPTYPE_INT32:
    case Field::CPPTYPE_INT64:
    case Field::CPPTYPE_ENUM:
      return HostileNumbers();
    default:
      return {};
  }
}

}  // namespace tessera::hostile
