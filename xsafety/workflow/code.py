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
    tree = ast.parse(path.read_text(encoding="utf-8"))
    _drop_remarks(tree)
    imported = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            # The package that a relative import starts from; for an absolute one, the root.
            base = path.parents[node.level - 1] if node.level else root
            inside = base.joinpath(*(node.module or "").split("."))
            imported += _files(root, [inside, *(inside / alias.name for alias in node.names)])
        elif isinstance(node, ast.Import):
            imported += _files(root, [root.joinpath(*alias.name.split(".")) for alias in node.names])
    data = path.with_suffix(".yaml")
    return imported, ast.dump(tree) + (repr(yaml.safe_load(data.read_text(encoding="utf-8"))) if data.is_file() else "")


def _drop_remarks(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            body[:] = [statement for statement in body if not _means_nothing(statement)]
        elif isinstance(node, ast.Call):  # what a key of the configuration is for is a remark too
            node.keywords = [given for given in node.keywords if given.arg != "description"]


def _means_nothing(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, of a field too, or is there for types alone."""
    if isinstance(statement, ast.If):
        return isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _files(root: Path, names: list[Path]) -> list[Path]:
    """The files of the library among the modules that an import names, or may name."""
    library = root / "xsafety"
    # Importing a module runs the packages around it.
    inside = {around for name in names for around in (name, *name.parents) if around.is_relative_to(library)}
    candidates = [file for name in inside for file in (name.with_suffix(".py"), name / "__init__.py")]
    return [file for file in candidates if file.is_file()]
