#include "base/time_zone.h"

#include <gtest/gtest.h>

#include <string>

namespace tessera {
namespace {

TEST(TimeZoneTest, NamesOfTheDatabaseAreFound) {
  for (const char* name : {"Asia/Shanghai", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Etc/GMT+5",
                           "UTC", "Etc/UTC", "EST5EDT"}) {
    const auto zone = FindTimeZone(name);
    ASSERT_TRUE(zone) << name;
    EXPECT_EQ(zone->name(), name);
  }
}

TEST(TimeZoneTest, PathsAndWhatDependsOnTheMachineAreNot) {
  for (const char* name :
       {"", "Mars/Olympus", "/usr/share/zoneinfo/Asia/Tokyo", "../zoneinfo/Asia/Tokyo", "Asia/../Asia/Tokyo",
        "Asia//Tokyo", "Asia/Tokyo/", "localtime", "posixrules", "posix/Asia/Tokyo", "right/Asia/Tokyo", "UTC0",
        "Fixed/UTC+05:30:00", "libc:localtime", "file:Asia/Tokyo", "zone.tab", "Asia"}) {
    EXPECT_FALSE(FindTimeZone(name)) << name;
  }
  EXPECT_FALSE(FindTimeZone(std::string("Asia/Tokyo\0", 11)));
}

}  // namespace
}  // namespace tessera
