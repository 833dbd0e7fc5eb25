"""Plants every kind of violation that tools/check_layers must find, and neighbours that it must let pass."""

import importlib.machinery
import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path

_TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_layers"


def _load():
    """The tool as a module; it has no .py in its name, and leaves no compiled copy beside it."""
    loader = importlib.machinery.SourceFileLoader("check_layers", str(_TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_layers", loader))
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = kept
    return module


check_layers = _load()

# (file, what it includes, part of the message); None: allowed.
_CASES = [
    ("services/a/domain/lot.h", '"base/ids.h"', None),
    ("services/a/domain/lot.h", '"expr/rule.h"', None),
    ("services/a/domain/lot.h", '"engine/table.h"', None),
    ("services/a/domain/lot.h", '"engine/outcome.h"', None),
    ("services/a/domain/lot.h", '"services/a/domain/tier.h"', None),
    ("services/a/domain/lot.h", "<vector>", None),
    ("services/a/domain/lot.h", '"absl/time/time.h"', None),
    ("services/a/domain/lot.h", '"engine/writer.h"', "domain includes only"),
    ("services/a/domain/lot.h", '"pg/tx.h"', "domain includes only"),
    ("services/a/domain/lot.h", "<google/protobuf/message.h>", "domain includes only"),
    ("services/a/domain/lot.h", '"tessera/a/v1/a.pb.h"', "no protos"),
    ("services/a/domain/lot.h", '"services/a/store/lots.h"', "domain must not include store"),
    ("services/a/domain/lot.h", '"services/a/service.h"', "domain must not include service"),
    ("services/a/domain/lot_test.cc", '"services/a/store/lots.h"', None),
    ("services/a/store/lots.cc", '"services/a/domain/lot.h"', None),
    ("services/a/store/lots.cc", '"services/a/store/rows.h"', None),
    ("services/a/store/lots.cc", '"pg/tx.h"', None),
    ("services/a/store/lots.cc", '"services/a/api/points.h"', "store must not include api"),
    ("services/a/store/lots.cc", "<pqxx/pqxx>", "Postgres is included only"),
    ("services/a/store/lots.cc", "<libpq-fe.h>", "Postgres is included only"),
    ("services/a/api/points.cc", "<grpcpp/grpcpp.h>", None),
    ("services/a/api/points.cc", '"services/a/store/lots.h"', "api must not include store"),
    ("services/a/api/points.cc", '"services/a/service.h"', "api must not include service"),
    ("services/a/consumers/orders.cc", "<grpcpp/grpcpp.h>", "gRPC is included only"),
    ("services/a/consumers/orders.cc", "<librdkafka/rdkafka.h>", "Kafka is included only"),
    ("services/a/timers/expiry.cc", '"services/a/events/facts.h"', "timers must not include events"),
    ("services/a/events/facts.cc", '"tessera/a/v1/a.pb.h"', None),
    ("services/a/service.cc", '"services/a/api/points.h"', None),
    ("services/a/service.cc", '"services/a/main.cc"', "service must not include main"),
    ("services/a/main.cc", '"services/a/service.h"', None),
    ("services/a/main.cc", '"services/b/service.h"', "no other service"),
    ("services/a/store/lots.cc", '"services/b/domain/lot.h"', "no other service"),
    ("services/a/tests/flow_test.cc", '"services/b/domain/lot.h"', "no other service"),
    ("services/a/tests/flow_test.cc", '"services/a/service.h"', None),
    ("services/a/helpers/things.cc", "<vector>", "no layer"),
    ("services/a/domain/lot.h", '"tier.h"', "from an include root"),
    ("services/a/domain/lot.h", '"../store/lots.h"', "from an include root"),
    ("libs/engine/writer.cc", '"services/a/service.h"', "libs include no service"),
    ("libs/engine/writer.cc", "<libpq-fe.h>", "Postgres is included only"),
    ("libs/engine/writer.cc", "<grpcpp/server.h>", "gRPC is included only"),
    ("libs/pg/connection.cc", "<libpq-fe.h>", None),
    ("libs/kafka/producer.cc", "<librdkafka/rdkafka.h>", None),
    ("libs/rpc/server.cc", "<grpcpp/server.h>", None),
    ("tools/tessera/call.cc", "<grpcpp/channel.h>", None),
    ("tools/tessera/call.cc", "<librdkafka/rdkafka.h>", "Kafka is included only"),
]


class CheckLayersTest(unittest.TestCase):

    def test_finds_planted_violations_and_nothing_else(self):
        for path, header, expected in _CASES:
            with self.subTest(path=path, header=header), tempfile.TemporaryDirectory() as root:
                source = Path(root, path)
                source.parent.mkdir(parents=True)
                source.write_text(f"// A comment.\n#include {header}\n")
                found = check_layers.check(Path(root))
                if expected is None:
                    self.assertEqual(found, [])
                else:
                    self.assertEqual(len(found), 1, found)
                    self.assertIn(f"{path}:2:", found[0])
                    self.assertIn(expected, found[0])

    def test_reads_includes_with_any_spacing(self):
        text = '#include "a/b.h"\n  #  include <c/d.h>\n// #include "e/f.h"\nint x;\n'
        self.assertEqual(list(check_layers.includes(text)), [(1, '"', "a/b.h"), (2, "<", "c/d.h")])


if __name__ == "__main__":
    unittest.main()
