// The bytes of published events, as other people's programs read them. A change of a field's number or type changes the
// bytes of tests/golden; `buf breaking` tells the rest.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "base/hex.h"
#include "tessera/events/v1/channel_event.pb.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/events/v1/dead_letter.pb.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tessera/events/v1/rekeyed.pb.h"
#include "tessera/membership/v1/events.pb.h"

namespace tessera {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// tests/golden/<name>.json holds the event, <name>.hex its bytes: each is read and must give the other.
template <class Event>
void ExpectGolden(const std::string& name) {
  const std::string base = std::string(TESSERA_SOURCE_DIR) + "/tests/golden/" + name;
  Event event;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(Read(base + ".json"), &event).ok()) << name;
  std::string hex = Read(base + ".hex");
  hex.erase(hex.find_last_not_of('\n') + 1);
  EXPECT_EQ(ToHex(event.SerializeAsString()), hex) << name << ": the bytes on the topic have changed";
}

TEST(GoldenEvents, ChannelOrderPaid) { ExpectGolden<events::v1::ChannelEvent>("channel_order_paid"); }
TEST(GoldenEvents, ChannelOrderRefunded) { ExpectGolden<events::v1::ChannelEvent>("channel_order_refunded"); }
TEST(GoldenEvents, CustomerEvent) { ExpectGolden<events::v1::CustomerEvent>("customer_event"); }
TEST(GoldenEvents, CustomersMerged) { ExpectGolden<events::v1::CustomersMerged>("customers_merged"); }
TEST(GoldenEvents, BrandChanged) { ExpectGolden<events::v1::BrandChanged>("brand_changed"); }
TEST(GoldenEvents, Rekeyed) { ExpectGolden<events::v1::Rekeyed>("rekeyed"); }
TEST(GoldenEvents, DeadLetter) { ExpectGolden<events::v1::DeadLetter>("dead_letter"); }
TEST(GoldenEvents, PointsEarned) { ExpectGolden<membership::v1::PointsEarned>("points_earned"); }

}  // namespace
}  // namespace tessera
