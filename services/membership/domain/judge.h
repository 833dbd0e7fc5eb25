// Judging a member's tier within a decision. See tier.h for the fold itself.
#pragma once

#include "services/membership/domain/books.h"

namespace tessera::membership {

// Reviews and ends of grace that are due by the clock, in their order. First in every decision about a member.
void RunDueReviews(Books& books);

// Of a customer that two have just become, whose tier has the earlier time of both: the first of his own reviews from
// then on. Those of the younger enrolment are over.
void ScheduleReviews(Books& books);

// After all postings of a decision: judges if growth changed, the program has a new version, or `merged`.
void JudgeTier(Books& books, bool merged = false);

// The tier that a new member starts with.
void StartTier(Books& books);

}  // namespace tessera::membership
