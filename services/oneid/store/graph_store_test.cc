// Events through the engine's writer into a real Postgres: what is stored, published and answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/oneid/tests/world.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tessera/oneid/v1/identity_service.pb.h"

namespace tessera::oneid {
namespace {

using ::testing::IsEmpty;

class GraphStoreTest : public ::testing::Test {
 protected:
  GraphStoreTest() { world_.PutBrand(); }

  World world_;
};

TEST_F(GraphStoreTest, AnEventIsRepublishedWithItsCustomer) {
  TestEvent event{.id = "e1", .identifiers = {{"jd_pin", "", "p1"}, {"phone", "", "139 1234 5678"}}};
  event.event.mutable_order_paid()->set_order_id("o1");
  world_.Publish(event);
  EXPECT_EQ(world_.DeadLetter(), "");
  const auto published = world_.Republished("e1");
  EXPECT_FALSE(published.customer_id().empty());
  EXPECT_EQ(published.customer_id(), published.origin_customer_id());
  EXPECT_EQ(published.identifiers_size(), 2);
  EXPECT_EQ(published.event().order_paid().order_id(), "o1");
  EXPECT_THAT(published.event().identifiers(0).value(), IsEmpty());
  EXPECT_EQ(world_.Text("SELECT count(*) FROM customer"), "1");
  EXPECT_EQ(world_.Text("SELECT count(*) FROM edge"), "2");
}

}  // namespace
}  // namespace tessera::oneid
