#!/usr/bin/env python3
"""Makes a new service from the template: one that builds, starts, consumes, publishes and answers.

    new_service.py NAME ROOT

writes ROOT/services/NAME and ROOT/proto/tessera/NAME, or nothing if a service cannot have this name. Existing files that
differ are overwritten only with --force.
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # A folder of compiled files here would make CMake configure again.
import names  # noqa: E402

TREE = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).resolve().parent / "template"
TEMPLATE_NAME = "sample"


def renamed(text: str, name: str) -> str:
    camel = name.capitalize()
    return text.replace(TEMPLATE_NAME, name).replace(TEMPLATE_NAME.capitalize(), camel)


def plan(name: str, root: Path) -> dict[Path, str]:
    """Every file of the new service with its content."""
    files = {}
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_file():
            target = root / renamed(str(source.relative_to(TEMPLATE)), name)
            files[target] = renamed(source.read_text(), name)
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="lower-case letters only, such as `loyalty`")
    parser.add_argument("root", type=Path, help="the root of the tree to write into")
    parser.add_argument("--force", action="store_true", help="overwrite files that differ")
    arguments = parser.parse_args()
    # Of the tree that this tool belongs to, the template may only be written elsewhere: into the build folder.
    elsewhere = arguments.name == TEMPLATE_NAME and arguments.root.resolve() != TREE
    reason = None if elsewhere else names.why_not(arguments.name, arguments.root, TEMPLATE_NAME)
    if reason:
        print(f"error: {arguments.name!r} is no name for a service: {reason}", file=sys.stderr)
        return 2
    service = arguments.root / "services" / arguments.name
    if service.exists() and not arguments.force:
        print(f"error: there is a service {arguments.name} already; choose another name, or say --force",
              file=sys.stderr)
        return 1
    files = plan(arguments.name, arguments.root)
    different = [path for path, text in files.items() if path.exists() and path.read_text() != text]
    if different and not arguments.force:
        print(f"error: {different[0]} exists already; choose another name, or say --force", file=sys.stderr)
        return 1
    for path, text in files.items():
        if path.exists() and path not in different:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path.relative_to(arguments.root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
