"""What a script means: a digest of its code that no comment, docstring or layout changes."""

import ast
import hashlib
from functools import cache
from pathlib import Path

import yaml


@cache
def code_digest(root: Path, script: str) -> str:
    """Twelve hex digits over the syntax of a script and of all modules of the library that it imports.

    `root` is the folder of the checkout, `script` a path in it. Comments, docstrings and layout do not count, nor do
    data files that the code reads, which rules take as inputs; but what a YAML file of a module's own name says does.
    Another minor version of Python may give other digests.
    """
    parts = [f"{Path(path).relative_to(root)} {read_source(root, Path(path))[1]}" for path in modules(root, script)]
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
    """The modules that a file imports as it runs, and as text its syntax and what the YAML file of its name says."""
    imports: list[ast.Import | ast.ImportFrom] = []
    syntax = _meaning(ast.parse(path.read_text(encoding="utf-8")), imports)
    imported = []
    for node in imports:
        if isinstance(node, ast.ImportFrom):
            # The package that a relative import starts from; for an absolute one, the root.
            base = path.parents[node.level - 1] if node.level else root
            inside = base.joinpath(*(node.module or "").split("."))
            imported += _files(root, (inside, *(inside / alias.name for alias in node.names)))
        else:
            imported += _files(root, tuple(root.joinpath(*alias.name.split(".")) for alias in node.names))
    data = path.with_suffix(".yaml")
    return imported, syntax + (repr(yaml.safe_load(data.read_text(encoding="utf-8"))) if data.is_file() else "")


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
def _files(root: Path, names: tuple[Path, ...]) -> list[Path]:
    """The files of the library among the modules that an import names, or may name."""
    library = root / "xsafety"
    # Importing a module runs the packages around it.
    inside = {around for name in names for around in (name, *name.parents) if around.is_relative_to(library)}
    candidates = [file for name in inside for file in (name.with_suffix(".py"), name / "__init__.py")]
    return [file for file in candidates if file.is_file()]
