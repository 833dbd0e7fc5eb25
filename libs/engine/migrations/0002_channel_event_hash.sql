-- Event ids of strangers are found by 8 bytes of a hash of (event id, source, brand): half the index, and half the time
-- of three compared texts. Whoever looks up compares the texts, too.
DROP INDEX channel_event_id;
CREATE INDEX channel_event_id ON channel_event
  (hashtextextended(event_id, hashtextextended(source, hashtextextended(brand_id, 0))));
