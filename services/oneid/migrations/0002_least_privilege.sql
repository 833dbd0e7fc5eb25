-- Append-only: namespace, merge_answer, identifier_event.
GRANT UPDATE ON brand_group, brand, customer, identifier, edge, presentation, activity, merge, statistic TO oneid;
GRANT DELETE ON order_source TO oneid;
