-- Of a partition with many parked records, a batch looks up its own keys. By digest: a stranger's key may be longer than an
-- index takes.
DROP INDEX parked_key;
CREATE INDEX parked_key ON parked (topic, partition, sha256(record_key));
