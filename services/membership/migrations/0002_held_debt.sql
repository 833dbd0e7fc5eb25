-- Whose clawback a side's held debt is (StoredHeldDebts of stored.proto; null: there is none), so that what is forgiven of
-- it when its hold is captured is kept at that lot.
ALTER TABLE member ADD COLUMN held_debts bytea;
