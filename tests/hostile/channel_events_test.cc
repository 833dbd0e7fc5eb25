// Every text of every payload of a channel event, by reflection, with what must not be kept: a dead letter that names
// the reason and the field; what stands beside it in the partition goes on.
#include <google/protobuf/stubs/logging.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "testing/wait.h"
#include "tests/e2e/cc/suite.h"
#include "tests/hostile/rows.h"
#include "tests/hostile/spots.h"

namespace tessera::hostile {
namespace {

class HostileEvents : public e2e::Suite {
 protected:
  // A record whose payload has the value at the spot; the first element of the way tells the type.
  void PublishPlanted(const std::string& id, const Spot& spot, const Hostile& hostile) {
    events::v1::ChannelEvent event;
    const bool of_identifier = spot.way[0]->name() == "identifiers";
    if (of_identifier) event.mutable_page_viewed()->set_page("p");
    Plant(event, spot, hostile.put);
    const pb::LogSilencer quiet;
    events::CloudEvent cloud = Cloud(id, "ann", event, of_identifier ? "page_viewed" : spot.way[0]->name());
    // Cloud() adds the account behind what was planted.
    Publish(cloud);
  }

  std::map<std::string, ops::v1::DeadLetterSummary> DeadLettersByEvent(size_t count) {
    std::map<std::string, ops::v1::DeadLetterSummary> letters;
    testing::WaitFor([&] {
      letters.clear();
      ops::v1::ListDeadLettersRequest request;
      request.set_page_size(1'000);
      const auto page =
          CallOneid<ops::v1::ListDeadLettersResponse>(std::string(e2e::kOps) + "ListDeadLetters", request);
      if (!page.ok()) return false;
      for (const auto& letter : page->dead_letters()) letters[letter.event_id()] = letter;
      return letters.size() >= count;
    });
    return letters;
  }
};

TEST_F(HostileEvents, EveryTextOfEveryPayload) {
  Publish(Paid("ann", "before", {{1, 1'000}}));
  ASSERT_EQ(AwaitPoints(10), 10);
  const std::string before = DomainRows(membership_database_);
  std::map<std::string, std::string> fields;  // by event id
  for (const Spot& spot : SpotsOf(*events::v1::ChannelEvent::descriptor())) {
    for (const Hostile& hostile : HostileValues(spot)) {
      // What is too large for any event is refused as a whole (bad_input_test).
      if (!hostile.must_be_named || hostile.name == "1 MB") continue;
      const std::string id = absl::StrCat(spot.path, " ", hostile.name);
      fields[id] = spot.path;
      ASSERT_NO_FATAL_FAILURE(PublishPlanted(id, spot, hostile));
    }
  }
  ASSERT_GT(fields.size(), 100u);
  const auto letters = DeadLettersByEvent(fields.size());
  EXPECT_EQ(letters.size(), fields.size());
  for (const auto& [id, field] : fields) {
    const auto letter = letters.find(id);
    ASSERT_NE(letter, letters.end()) << id << " is no dead letter";
    EXPECT_EQ(letter->second.reason(), "DATA_INVALID") << id;
    EXPECT_EQ(letter->second.field(), field) << id;
  }
  EXPECT_EQ(DomainRows(membership_database_), before);
  EXPECT_EQ(oneid_database_.Text("SELECT count(*) FROM customer"), "1");
  Publish(Paid("ann", "after", {{1, 500}}));
  EXPECT_EQ(AwaitPoints(15), 15) << "its neighbours go on";
}

TEST_F(HostileEvents, ATimeBefore1970OrBeyondTheCalendarIsTold) {
  const std::map<std::string, std::string> times = {{"0001-01-01T00:00:00Z", "EVENT_TIME_OUT_OF_RANGE"},
                                                    {"0000-00-00T00:00:00Z", "TIME_INVALID"},
                                                    {"10000-01-01T00:00:00Z", "TIME_INVALID"},
                                                    {"9999-99-99T99:99:99Z", "TIME_INVALID"}};
  for (const auto& [time, reason] : times) {
    events::CloudEvent event = Paid("ann", time, {{1, 100}});
    std::vector<kafka::Header> headers = events::EncodeHeaders(event);
    for (kafka::Header& header : headers) {
      if (header.name == "ce_time") header.value = time;
    }
    PublishRaw(event.data, e2e::kKey, headers);
  }
  Publish(Paid("ann", "after", {{1, 500}}));
  EXPECT_EQ(AwaitPoints(5), 5);
  const auto letters = AwaitDeadLetters("oneid", times.size());
  ASSERT_EQ(letters.size(), times.size());
  for (const auto& letter : letters) EXPECT_EQ(letter.field(), "time") << letter.ShortDebugString();
}

}  // namespace
}  // namespace tessera::hostile
