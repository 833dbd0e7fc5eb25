"""The parts of tools/dev; `cli` is the table of contents."""
