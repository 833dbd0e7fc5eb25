"""What the cluster's own log tells of an error: what failed, never the values of a row."""

import hashlib
import os
import unittest

import world  # noqa: F401  (makes devlib importable)
from devlib import dsn, paths, processes
from devlib.errors import DevError


class PostgresLogTest(unittest.TestCase):

    def test_a_unique_violation_is_logged_without_the_row(self):
        admin = os.environ["TESSERA_TEST_ADMIN_DSN"]
        dsn.run(admin, "CREATE TABLE logged (phone text CONSTRAINT logged_once UNIQUE)")
        self.addCleanup(dsn.run, admin, "DROP TABLE logged")
        # Computed, so that the value is in no text of a statement.
        insert = "INSERT INTO logged VALUES (md5('somebody'))"
        value = hashlib.md5(b"somebody").hexdigest()
        dsn.run(admin, insert)
        with self.assertRaisesRegex(DevError, value):  # The caller is told.
            dsn.run(admin, insert)
        log = processes.log_path(paths.TEST, "postgres").read_text()
        self.assertIn('duplicate key value violates unique constraint "logged_once"', log)
        self.assertNotIn(value, log)


if __name__ == "__main__":
    unittest.main()
