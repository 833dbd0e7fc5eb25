// What strangers may send as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tessera {

// Takes the first code point of UTF-8 off `text`. nullopt, and `text` as it was, if it does not begin with one (too
// long a form, a surrogate, above U+10FFFF, cut off) or is empty.
std::optional<uint32_t> TakeCodePoint(std::string_view& text);

bool IsUtf8(std::string_view text);

// Marks, embeddings, overrides and isolates of the bidirectional algorithm: invisible, they make a text look like
// another one.
bool IsBidiControl(uint32_t code_point);

// What forbids to keep or show the text, as in "must not contain NUL"; "" if nothing does. Of bytes that are no UTF-8,
// such as those of a message that holds texts: "" only if nothing forbids any text in it.
std::string_view WhyUnfit(std::string_view text);

}  // namespace tessera
