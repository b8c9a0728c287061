"""What a script means: a digest of its code that no comment, docstring or layout changes."""

import ast
import hashlib
import json
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from ..tabular import write_text


class Parsed(NamedTuple):
    """What a file means, for as long as what it says, and the program that reads it, have this `sha256`."""

    sha256: str
    imports: list[tuple[int, str, list[str]]]  # as it runs: how many packages up (0: none), from where, which names
    meaning: str  # a hash of its syntax, and of what the YAML file of its name says


_parsed: dict[str, Parsed] = {}  # by path from the checkout


@cache
def code_digest(root: Path, script: str, record: Path | None = None) -> str:
    """Twelve hex digits over the syntax of a script and of all modules of the library that it imports.

    `root` is the folder of the checkout, `script` a path in it. Comments, docstrings and layout do not count, nor do
    data files that the code reads, which rules take as inputs; but what a YAML file of a module's own name says does.
    Another minor version of Python may give other digests. The file `record` keeps what was read from one run to the
    next.
    """
    if record and not _parsed:
        with suppress(OSError, ValueError, TypeError, AttributeError):  # none yet, or torn: all is read anew
            kept = json.loads(record.read_bytes())
            _parsed.update({path: Parsed(*source) for path, source in kept.items()})
    before = dict(_parsed)
    parts = [f"{Path(path).relative_to(root)} {read_source(root, Path(path))[1]}" for path in modules(root, script)]
    if record and _parsed != before:
        with suppress(OSError):  # a folder where nothing may be written
            write_text(record, json.dumps(_parsed))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def modules(root: Path, script: str) -> list[str]:
    """A script, first, and the modules of the library that it imports, directly or not, sorted.

    Read from the source, imports inside functions too; data files beside a module are not among them.
    """
    found: set[Path] = set()
    todo = [root / script]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += read_source(root, path)[0]
    return [str(root / script), *sorted(str(path) for path in found - {root / script})]


@cache
def read_source(root: Path, path: Path) -> tuple[list[Path], str]:
    """The modules that a file imports as it runs, and a hash of its syntax and of the YAML file of its name."""
    data = path.with_suffix(".yaml")
    said = [path.read_bytes(), data.read_bytes() if data.is_file() else b""]
    sha256 = hashlib.sha256(b"\0".join([_reader(), *said])).hexdigest()
    name = str(path.relative_to(root))
    if name not in _parsed or _parsed[name].sha256 != sha256:
        _parsed[name] = Parsed(sha256, *_read(*said))
    imported: list[Path] = []
    around = Path(name).parent.parts
    for level, module, names in _parsed[name].imports:
        # The package that a relative import starts from; for an absolute one, the root.
        base = (*(around[: len(around) - level + 1] if level else ()), *(module.split(".") if module else ()))
        for named in (base, *((*base, inside) for inside in names)):
            imported += _files(root, named)
    return imported, _parsed[name].meaning


@cache
def _reader() -> bytes:
    """What decides beside a file what is read of it: this program, and Python's syntax."""
    return Path(__file__).read_bytes() + repr(sys.version_info[:2]).encode()


def _read(source: bytes, data: bytes) -> tuple[list[tuple[int, str, list[str]]], str]:
    nodes: list[ast.Import | ast.ImportFrom] = []
    syntax = _meaning(ast.parse(source), nodes)
    imports = []
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            imports.append((node.level, node.module or "", [alias.name for alias in node.names]))
        else:
            imports += [(0, alias.name, []) for alias in node.names]
    if data:
        syntax += repr(yaml.safe_load(data))
    return imports, hashlib.sha256(syntax.encode()).hexdigest()


def _meaning(part: object, imports: list[ast.Import | ast.ImportFrom]) -> str:
    """A part of the syntax as text, without remarks; imports are added to `imports`."""
    if isinstance(part, list):
        return f"[{','.join([_meaning(one, imports) for one in part if not _means_nothing(one)])}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    if isinstance(part, ast.Import | ast.ImportFrom):
        imports.append(part)
    # Whether a name is read or written shows in where it stands.
    fields = [_meaning(getattr(part, name, None), imports) for name in part._fields if name != "ctx"]
    return f"{type(part).__name__}({','.join(fields)})"


def _means_nothing(node: object) -> bool:
    """Whether a node is a docstring, of a field too, says what a key of the configuration is for, or is for types."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.keyword):
        return node.arg == "description"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@cache
def _files(root: Path, named: tuple[str, ...]) -> list[Path]:
    """The files of the library that importing what may be a module runs: it, and the packages around it."""
    if named[:1] != ("xsafety",):
        return []
    inside = root.joinpath(*named)
    found = [file for file in (inside.with_suffix(".py"), inside / "__init__.py") if file.is_file()]
    return [*_files(root, named[:-1]), *found]
