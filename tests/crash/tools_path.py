"""Makes the packages of tools/ importable."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, os.environ.get("TESSERA_PYTHON_PROTOS", str(ROOT / "build" / "python")))
