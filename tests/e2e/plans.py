"""Which statements the services have, as their sources tell, and what a plan of Postgres reads whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devlib.paths import ROOT

# Tables that stay small, so that reading one whole costs no more than a look-up.
SMALL = {
    "brand", "brand_group", "order_source", "namespace", "program_version",  # what people set up
    "slot", "relay_cursor", "lease", "consumer_mark",  # a row for each slot or partition
    "writer", "instance",  # a row for each writer or process
}
# Indexes that hold the few rows of their condition.
SMALL_INDEXES = {"merge_not_complete"}
# Columns that many rows share: a condition on these alone finds all of a tenant or of a partition.
SHARED = {"brand_id", "group_id", "topic", "partition"}

_LITERAL = r'"((?:[^"\\]|\\.)*)"'
_TOKEN = re.compile(rf"//[^\n]*|{_LITERAL}|([A-Za-z_]\w*)|([}};])")
_PLUMBING = {"std", "string", "c_str"}
_SCAN = re.compile(r"(Seq|Index|Index Only|Bitmap Index) Scan(?: Backward)?(?: using (\w+))? on (\w+)")


@dataclass(frozen=True)
class Statement:
    """One pg::Statement of the sources."""

    file: str
    name: str
    sql: str

    @property
    def parameters(self) -> int:
        return max((int(number) for number in re.findall(r"\$(\d+)", self.sql)), default=0)


def statements(service: str) -> list[Statement]:
    """All that sessions of the service may prepare: the engine's and its own."""
    folders = [ROOT / "libs" / "engine", ROOT / "services" / service]
    files = [path for folder in folders for path in sorted(folder.rglob("*.cc"))
             if not path.name.endswith("_test.cc") and "tests" not in path.parts]
    texts = {path: path.read_text() for path in [*files, *folders[1].rglob("*.h")]}
    return [one for path in files for one in _statements_of(path, texts)]


def _statements_of(path: Path, texts: dict[Path, str]) -> Iterator[Statement]:
    text = texts[path]
    declared = [match.end() for match in re.finditer(r"Statement k\w+ = (?=\{)", text)]
    nested = [match.start() for match in re.finditer(r'\{\s*"observe_\w+",', text)]
    for start in sorted({*declared, *nested}):
        name, *sql = _literals(text, start + 1, path, texts)
        yield Statement(str(path.relative_to(ROOT)), name, "".join(sql))


def _literals(text: str, start: int, path: Path, texts: dict[Path, str]) -> list[str]:
    """The string literals up to the end of the expression, with those of the constants and macros that it names."""
    found = []
    for token in _TOKEN.finditer(text, start):
        literal, word, mark = token.groups()
        if mark in ("}", ";"):
            break
        if literal is not None:
            found.append(literal)
        elif word and word not in _PLUMBING:
            found += _defined(word, path, texts)
    return found


def _defined(word: str, path: Path, texts: dict[Path, str]) -> list[str]:
    for where in [path, *texts]:
        macro = re.search(rf"#define {word}\b((?:.*\\\n)*.*)", texts[where])
        if macro:
            return re.findall(_LITERAL, macro[1])
        constant = re.search(rf"\b{word}(?:\[\])? =\s", texts[where])
        if constant:
            return _literals(texts[where], constant.end(), where, texts)
    raise AssertionError(f"{path}: what is {word} in a statement?")


def read_whole(plan: str, index_columns: dict[str, list[str]] | None = None) -> list[str]:
    """The scans of an EXPLAIN that read all of a table or index which may become large.

    With `index_columns`, a condition on others than an index's first column is none, and one on SHARED columns alone is
    none either. Not those that a Limit right above ends, which leave no row out.
    """
    lines = plan.splitlines()
    found = []
    for number, line in enumerate(lines):
        scan = _SCAN.search(line)
        if not scan:
            continue
        kind, index, name = scan.groups()
        details = []
        for detail in lines[number + 1:]:
            if "->" in detail:
                break
            details.append(detail)
        conditions = [detail for detail in details if "Index Cond:" in detail]
        by_key = bool(conditions)
        if by_key and index_columns:
            columns = [column.split("(")[0] for column in index_columns[index or name]]
            told = {word for condition in conditions for word in re.findall(r"\((\w+)", condition)}
            by_key = columns[0] in told and not told.intersection(columns) <= SHARED
        above = lines[max(0, number - (2 if kind == "Bitmap Index" else 1)):number]  # a bitmap has two nodes
        limited = (any(re.search(r"(^|->)\s*Limit\b", line) for line in above)
                   and not any("Filter:" in detail for detail in [*above, *details]))
        table = re.sub(r"_(default|\d+)$", "", name)
        if not by_key and not limited and table not in SMALL and not {index, name} & SMALL_INDEXES:
            found.append(line.strip())
    return found
