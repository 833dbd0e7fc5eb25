// Small pieces of text for people. Pure.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tessera::cli {

// The text with "?" for control characters and for bytes that are no UTF-8.
std::string Printable(std::string_view text);

// Columns that UTF-8 text takes on a terminal: one per character, two for those of East Asian scripts.
size_t Width(std::string_view text);

// "1,234,567".
std::string Grouped(int64_t number);

// "2026-03-01 09:30:05Z"; "" for a time that is not set.
std::string TimeText(const google::protobuf::Timestamp& time);

// "points_clawed_back" of "ENTRY_KIND_POINTS_CLAWED_BACK" and the prefix "ENTRY_KIND_".
std::string EnumText(std::string_view name, std::string_view prefix);

// "replaying [#####.....]  50 %  20,000 of 40,000  5,000/s"; no line break.
std::string ProgressBar(std::string_view what, int64_t done, int64_t all, absl::Duration elapsed);

// An error as the user sees it: the code and the reason, the message, the field and the other facts, and what to do.
std::string ErrorText(const absl::Status& status);

}  // namespace tessera::cli
