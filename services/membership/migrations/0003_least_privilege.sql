-- Append-only: transfer, program_version, applied_merge.
GRANT UPDATE ON brand, member, shop_order, lot, hold, growth_day TO membership;
GRANT DELETE ON growth_day TO membership;
