"""Which names a service cannot have, and why: such a one would be written and then not build, or not start."""

import re
from pathlib import Path

_CPP_WORDS = frozenset("""
    alignas alignof and asm assert auto bitand bitor bool break case catch char class compl concept const consteval
    constexpr constinit continue decltype default delete do double else enum errno explicit export extern false float for
    friend goto if import inline int linux long major minor module mutable namespace new noexcept not nullptr operator or
    private protected public register requires return short signed sizeof static stderr stdin stdout struct switch
    template this throw true try typedef typeid typename union unix unsigned using virtual void volatile while xor
    """.split())
# Schema and role have the service's name, and tests write it into statements as it is.
_SQL_WORDS = frozenset("""
    all analyse analyze any array as asc asymmetric authorization binary both cast check collate collation column
    concurrently constraint create cross deferrable desc distinct end except fetch foreign freeze from full grant group
    having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime natural none
    notnull null offset on only order outer overlaps placing postgres primary public references returning right select
    similar some symmetric table tablesample then to trailing unique user variadic verbose when where window with
    """.split())
# Namespaces of others, which code in `tessera::<name>` could no longer reach.
_FOREIGN_NAMESPACES = frozenset("absl google grpc nlohmann prometheus rc std tessera testing".split())
_LAYERS = frozenset("api checks consumers domain events migrations store tests timers".split())
_NAMESPACE = re.compile(r"^namespace tessera::(\w+)", re.MULTILINE)


def _folders(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()


def _namespaces(root: Path) -> set[str]:
    """Those inside tessera, of what every service may be linked with."""
    return {name for folder in ("libs", "tools") for path in (root / folder).rglob("*.h") if path.is_file()
            for name in _NAMESPACE.findall(path.read_text())}


def why_not(name: str, root: Path, template: str) -> str | None:
    """Why the tree at `root` cannot have a service of this name; None if it can."""
    if not re.fullmatch(r"[a-z]{2,30}", name):
        return "use 2 to 30 lower-case letters"
    if name in _CPP_WORDS:
        return "it is a word of C++ with a meaning of its own"
    if name in _SQL_WORDS:
        return "it is a word of SQL with a meaning of its own"
    if name in _FOREIGN_NAMESPACES:
        return f"code in tessera::{name} could not reach the namespace {name}"
    if name in _LAYERS:
        return "it is the name of a part of every service"
    if name == template:
        return "the template is built under it"
    protos = _folders(root / "proto" / "tessera") - _folders(root / "services")
    if name in _folders(root / "libs") | protos | _namespaces(root):
        return f"tessera::{name} exists and is no service"
    return None
