-- Up to here no review is had again, whatever clock or program version asks (null: from before it was noted).
ALTER TABLE member ADD COLUMN tier_reviewed_time timestamptz;
