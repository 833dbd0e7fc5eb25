-- The keys that are parked are read by partition, never looked up: and a stranger's key may be longer than an index takes.
DROP INDEX parked_key;
CREATE INDEX parked_key ON parked (topic, partition);
