// Bad input is normal: each has its declared answer, changes nothing, and its neighbours in the partition go on.
#include <random>

#include "base/murmur2.h"
#include "base/status.h"
#include "engine/engine_store.h"
#include "tests/e2e/cc/suite.h"

namespace tessera::e2e {
namespace {

class BadInput : public Suite {
 protected:
  // The bad record stands between two good ones of the same key; both take effect and the bad one is told as expected.
  void ExpectDeadLetter(const std::string& service, const std::function<void()>& publish_bad, const std::string& reason,
                        const std::string& field) {
    Publish(Paid("ann", "before", {{1, 1'000}}));
    publish_bad();
    Publish(Paid("ann", "after", {{1, 500}}));
    EXPECT_EQ(AwaitPoints(15), 15);
    const auto letters = AwaitDeadLetters(service, 1);
    ASSERT_EQ(letters.size(), 1u);
    EXPECT_EQ(letters[0].reason(), reason);
    EXPECT_EQ(letters[0].field(), field);
    EXPECT_EQ(oneid_database_.Text("SELECT count(*) FROM customer"), "1");
    EXPECT_EQ(membership_database_.Text("SELECT count(*) FROM shop_order"), "2");
  }
};

TEST_F(BadInput, AnUnparseableRecord) {
  ExpectDeadLetter(
      "oneid", [&] { PublishRaw("not an event"); }, "NOT_A_CLOUD_EVENT", "headers");
}

TEST_F(BadInput, ARecordAsLargeAsTheBrokerTakes) {
  std::string large(1'040'000, '\0');
  std::minstd_rand random(1);
  for (char& byte : large) byte = static_cast<char>(random());
  ExpectDeadLetter(
      "oneid", [&] { PublishRaw(large); }, "EVENT_TOO_LARGE", "value");
}

TEST_F(BadInput, ASmallRecordThatUnpacksToALargeOne) {
  ExpectDeadLetter(
      "oneid", [&] { PublishRaw(std::string(8 << 20, 'x')); }, "EVENT_TOO_LARGE", "value");
  const int64_t id = AwaitDeadLetters("oneid", 1).at(0).dead_letter_id();
  ops::v1::GetDeadLetterRequest get;
  get.set_dead_letter_id(id);
  const auto letter = CallOneid<ops::v1::GetDeadLetterResponse>(std::string(kOps) + "GetDeadLetter", get);
  ASSERT_TRUE(letter.ok()) << letter.status();
  EXPECT_GT(letter->left_out_bytes(), 8 << 20);
  EXPECT_EQ(letter->value(), "");
  ops::v1::ReplayDeadLetterRequest replay;
  replay.set_dead_letter_id(id);
  const auto replayed = CallOneid<ops::v1::ReplayDeadLetterResponse>(std::string(kOps) + "ReplayDeadLetter", replay);
  EXPECT_EQ(ErrorInfoOf(replayed.status()).value_or(ErrorInfo()).reason, "RECORD_NOT_KEPT");
}

TEST_F(BadInput, AKeyThatIsTooLarge) {
  std::string key(2 << 20, 'k');
  while (KafkaPartition(key, engine::kSlots) != KafkaPartition(kKey, engine::kSlots)) key += 'k';
  ExpectDeadLetter(
      "oneid", [&] { PublishRaw("not an event", key); }, "EVENT_TOO_LARGE", "key");
}

TEST_F(BadInput, ManyHeadersOfFewBytes) {
  std::vector<kafka::Header> headers(300'000, kafka::Header{"h", ""});
  ExpectDeadLetter(
      "oneid", [&] { PublishRaw("not an event", kKey, headers); }, "NOT_A_CLOUD_EVENT", "headers");
}

TEST_F(BadInput, AnUnknownType) {
  auto bad = Paid("ann", "bad", {{1, 100}});
  bad.type = "com.tessera.channel.order_dreamed.v1";
  ExpectDeadLetter(
      "oneid", [&] { Publish(bad); }, "UNKNOWN_TYPE", "type");
}

TEST_F(BadInput, ATypeThatIsNotThePayloads) {
  auto bad = Paid("ann", "bad", {{1, 100}});
  bad.type = "com.tessera.channel.order_placed.v1";
  ExpectDeadLetter(
      "oneid", [&] { Publish(bad); }, "TYPE_MISMATCH", "type");
}

TEST_F(BadInput, AMissingId) {
  auto bad = Paid("ann", "bad", {{1, 100}});
  bad.id.clear();
  ExpectDeadLetter(
      "oneid", [&] { Publish(bad); }, "ATTRIBUTE_MISSING", "id");
}

TEST_F(BadInput, AMissingBrand) {
  auto bad = Paid("ann", "bad", {{1, 100}});
  bad.extensions.clear();
  ExpectDeadLetter(
      "oneid", [&] { Publish(bad); }, "BRAND_MISSING", "brandid");
}

TEST_F(BadInput, AnOverflowingSum) {
  ExpectDeadLetter(
      "oneid",
      [&] {
        Publish(Paid("ann", "bad", {{1, INT64_MAX}, {1, INT64_MAX}}));
      },
      "AMOUNT_OVERFLOW", "lines[1].list_minor");
}

TEST_F(BadInput, ATextThatHoldsNul) {
  ExpectDeadLetter(
      "oneid",
      [&] {
        Publish(Paid("ann", std::string("b\0d", 3), {{1, 100}}));
      },
      "ATTRIBUTE_INVALID", "id");
}

TEST_F(BadInput, ATextOfThePayloadThatHoldsNul) {
  ExpectDeadLetter(
      "oneid",
      [&] {
        auto bad = Paid("ann", std::string("b\0d", 3), {{1, 100}});
        bad.id = "bad";
        Publish(bad);
      },
      "DATA_INVALID", "order_paid.order_id");
}

TEST_F(BadInput, ANegativeQuantity) {
  ExpectDeadLetter(
      "oneid",
      [&] {
        Publish(Paid("ann", "bad", {{-1, 100}}));
      },
      "NEGATIVE_QUANTITY", "lines[0].quantity");
}

TEST_F(BadInput, TheSameEventIdWithAnotherContent) {
  auto bad = Paid("ann", "before", {{1, 9'900}});
  ExpectDeadLetter(
      "oneid", [&] { Publish(bad); }, "EVENT_ID_REUSED", "id");
}

TEST_F(BadInput, MorePiecesThanWereBought) {
  ExpectDeadLetter(
      "membership", [&] { Publish(Refunded("ann", "before", 0, 2)); }, "TOO_MANY_PIECES", "lines[0].pieces");
}

TEST_F(BadInput, TheSameOrderWithOtherLines) {
  auto bad = Paid("ann", "before", {{1, 9'900}});
  bad.id = "another";
  ExpectDeadLetter(
      "membership", [&] { Publish(bad); }, "ORDER_CHANGED", "lines");
}

TEST_F(BadInput, ARefundBeforeItsOrderWaitsAndIsAppliedWhenItComes) {
  Publish(Refunded("ann", "late", 0, 1));
  EXPECT_EQ(AwaitWaiting("membership", 1), std::vector<std::string>{"order/shop/jd/late"});
  Publish(Paid("ann", "other", {{1, 700}}));
  EXPECT_EQ(AwaitPoints(7), 7) << "its neighbour goes on";
  Publish(Paid("ann", "late", {{2, 1'000}}));
  EXPECT_EQ(AwaitPoints(12), 12);
  EXPECT_TRUE(AwaitWaiting("membership", 0).empty());
}

TEST_F(BadInput, AnEventOfAnUnknownBrandWaitsForIt) {
  auto early = Paid("ann", "early", {{1, 1'000}});
  early.extensions["brandid"] = "later";
  Publish(early);
  EXPECT_EQ(AwaitWaiting("oneid", 1), std::vector<std::string>{"brand/later"});
  Publish(Paid("ann", "other", {{1, 700}}));
  EXPECT_EQ(AwaitPoints(7), 7) << "its neighbour goes on";
  PutBrand("later");
  EXPECT_TRUE(AwaitWaiting("oneid", 0).empty());
  EXPECT_EQ(oneid_database_.Text("SELECT count(*) FROM customer"), "2");
}

}  // namespace
}  // namespace tessera::e2e
