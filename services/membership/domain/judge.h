// Judging a member's tier within a decision. See tier.h for the fold itself.
#pragma once

#include "services/membership/domain/books.h"
#include "services/membership/domain/tier.h"

namespace tessera::membership {

// Reviews and ends of grace that are due by the clock, in their order. First in every decision about a member.
void RunDueReviews(Books& books);

// How far the clock was, at least, that judged the tier of a root: its reviews and the start of its version.
absl::Time JudgedUntil(const Tables& tables, const MemberKey& root);

// The tier of a customer that two have just become, and the first of his own reviews from then on: those of the younger
// enrolment are over.
void UniteTiers(Books& books, const Enrolment& a, const Enrolment& b);

// After all postings of a decision: judges if growth changed, the program has a new version, or `merged`.
void JudgeTier(Books& books, bool merged = false);

// The tier that a new member starts with.
void StartTier(Books& books);

}  // namespace tessera::membership
