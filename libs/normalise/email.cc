#include <unicode/idna.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <memory>

#include "normalise/normalise.h"

namespace tessera::normalise {
namespace {

constexpr size_t kEmailBytesMax = 254;  // RFC 5321
constexpr size_t kLocalBytesMax = 64;

struct Provider {
  std::string_view domain, one_name;
  bool dots;  // are ignored
};
constexpr std::array kProviders = {
    Provider{"gmail.com", "gmail.com", true},       Provider{"googlemail.com", "gmail.com", true},
    Provider{"outlook.com", "outlook.com", false},  Provider{"hotmail.com", "hotmail.com", false},
    Provider{"live.com", "live.com", false},        Provider{"icloud.com", "icloud.com", false},
    Provider{"fastmail.com", "fastmail.com", false}};

// NFKC with case folding; nullopt if it cannot be normalised.
std::optional<std::string> Fold(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return std::nullopt;
  const icu::UnicodeString in =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  const icu::UnicodeString out = fold->normalize(in, error);
  if (U_FAILURE(error)) return std::nullopt;
  std::string utf8;
  out.toUTF8String(utf8);
  return utf8;
}

const icu::IDNA* DomainRules() {
  static const icu::IDNA* const rules = [] {
    UErrorCode error = U_ZERO_ERROR;
    return icu::IDNA::createUTS46Instance(
        UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII, error);
  }();
  return rules;
}

std::optional<std::string> AsciiDomain(std::string_view domain) {
  const icu::IDNA* rules = DomainRules();
  if (rules == nullptr) return std::nullopt;
  UErrorCode error = U_ZERO_ERROR;
  icu::IDNAInfo info;
  std::string ascii;
  icu::StringByteSink<std::string> sink(&ascii);
  rules->nameToASCII_UTF8(icu::StringPiece(domain.data(), static_cast<int32_t>(domain.size())), sink, info, error);
  if (U_FAILURE(error) || info.hasErrors() || ascii.find('.') == std::string::npos || ascii.back() == '.') {
    return std::nullopt;
  }
  return ascii;
}

bool LocalPartIsPlain(std::string_view local) {
  if (local.empty() || local.size() > kLocalBytesMax || local.front() == '.' || local.back() == '.') return false;
  return local.find_first_of(" \t\"(),:;<>@[\\]") == std::string_view::npos &&
         local.find("..") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> Email(std::string_view text, bool fold_providers) {
  const auto trimmed = Opaque(text);
  if (!trimmed) return std::nullopt;
  const auto folded = Fold(*trimmed);
  if (!folded || folded->size() > kEmailBytesMax) return std::nullopt;
  const size_t at = folded->rfind('@');
  if (at == std::string::npos) return std::nullopt;
  std::string local = folded->substr(0, at);
  auto domain = AsciiDomain(std::string_view(*folded).substr(at + 1));
  if (!domain || !LocalPartIsPlain(local)) return std::nullopt;
  if (fold_providers) {
    for (const Provider& provider : kProviders) {
      if (*domain != provider.domain) continue;
      local.resize(std::min(local.size(), local.find('+')));
      if (provider.dots) local.erase(std::remove(local.begin(), local.end(), '.'), local.end());
      domain = provider.one_name;
      break;
    }
    // What a dot kept apart may be one character now; "b.+tag" is no address without its tag.
    const auto joined = Fold(local);
    if (!joined || !LocalPartIsPlain(*joined)) return std::nullopt;
    local = *joined;
  }
  // As ASCII the domain may be longer than it was.
  if (local.size() + 1 + domain->size() > kEmailBytesMax) return std::nullopt;
  return local + "@" + *domain;
}

}  // namespace tessera::normalise
