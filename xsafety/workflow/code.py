"""Which files of this project a script is made of."""

import ast
from functools import cache
from pathlib import Path


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
            todo += _imported(root, path)
    return [str(root / script), *sorted(str(path) for path in found - {root / script})]


@cache
def _imported(root: Path, path: Path) -> list[Path]:
    result = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            # The package that a relative import starts from; for an absolute one, the root.
            base = path.parents[node.level - 1] if node.level else root
            inside = base.joinpath(*(node.module or "").split("."))
            names = [inside, *(inside / alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [root.joinpath(*alias.name.split(".")) for alias in node.names]
        else:
            continue
        for name in names:
            if not name.is_relative_to(root / "xsafety"):
                continue
            candidates = (name.with_suffix(".py"), name / "__init__.py")
            # Importing a module runs the packages around it.
            packages = [folder / "__init__.py" for folder in name.parents if folder.is_relative_to(root / "xsafety")]
            result += [file for file in (*candidates, *packages) if file.is_file()]
    return result
