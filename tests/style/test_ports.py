"""Which ports a stack remembers: clients ask whatever is in its file."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
_kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
from devlib import ports  # noqa: E402
from devlib.paths import Layout  # noqa: E402
sys.dont_write_bytecode = _kept


class PortsTest(unittest.TestCase):

    def test_a_service_that_runs_no_more_is_forgotten_and_the_others_keep_their_ports(self):
        with tempfile.TemporaryDirectory() as folder:
            layout = Layout(Path(folder))
            infrastructure = ports.assign(layout, list(ports.INFRASTRUCTURE))
            first = ports.assign(layout, ["oneid-1.grpc", "gone-1.grpc"], beside=ports.INFRASTRUCTURE)
            self.assertEqual(json.loads(layout.ports_file.read_text()), infrastructure | first)
            again = ports.assign(layout, ["oneid-1.grpc"], beside=ports.INFRASTRUCTURE)
            self.assertEqual(again, {"oneid-1.grpc": first["oneid-1.grpc"]})
            self.assertEqual(json.loads(layout.ports_file.read_text()), infrastructure | again)


if __name__ == "__main__":
    unittest.main()
