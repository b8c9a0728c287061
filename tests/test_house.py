"""The order of the house, as CONTRIBUTING.md draws it, and the measures that keep it legible."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from radon.complexity import cc_visit

from tests.conftest import ROOT
from xsafety.workflow.code import read_source

LIBRARY = ROOT / "xsafety"
MODULES = sorted(LIBRARY.rglob("*.py"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in [*MODULES, *SCRIPTS]}

LONGEST, MOST_COMPLEX = 60, 15
IN_MANY_MODULES = {"main", "load", "read"}
# Requests and replies as providers have them, and as the journal keeps them; rows of any noun.
OF_NO_TYPE_OF_OURS = ("asking/engines/", "asking/journal.py", "tabular.py")
UNTYPED = re.compile(r"\b(?:Mapping|dict)\[str, Any\]")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def drawn() -> list[str]:
    """The rooms in the order of the tree in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, tree, _ = text.split("```", 2)
    return re.findall(r"^  (\w+)(?:\.py|/) ", tree, re.M)


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def place(path: Path, name: str = "") -> str:
    return f"{path.relative_to(ROOT)}{':' if name else ''}{name}"


def functions(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, Function]]:
    """The functions and methods that stand in a body, by name."""
    for node in body:
        if isinstance(node, Function):
            yield inside + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node.body, f"{inside}{node.name}.")


def public(tree: ast.Module) -> Iterator[str]:
    """The classes, functions and constants that a module defines for others."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        else:
            continue
        yield from (name for name in names if not name.startswith("_"))


def test_the_tree_draws_every_room_once() -> None:
    there = {room(path) for path in MODULES} - {"__init__"}
    assert sorted(drawn()) == sorted(there)


@pytest.mark.parametrize("name", drawn())
def test_a_room_imports_only_from_rooms_above_it(name: str) -> None:
    above = {"__init__", *drawn()[: drawn().index(name) + 1]}
    arrows = {
        f"{place(path)} -> {place(imported)}"
        for path in MODULES
        if room(path) == name
        for imported in read_source(ROOT, path)[0]
        if room(imported) not in above
    }
    assert not arrows, "\n".join(sorted(arrows))


def test_rules_rooms_and_tests_have_the_same_names() -> None:
    rooms = {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
    rules = {path.stem for path in (ROOT / "rules").glob("*.smk")} - {"common"}
    tests = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py"))} - {"build"}
    assert sorted(rules - rooms) == []
    assert tests == rooms


def test_no_function_is_long_or_complex() -> None:
    found = []
    for path in TREES:
        for block in cc_visit(path.read_text(encoding="utf-8")):
            lines = block.endline - block.lineno + 1
            if block.letter != "C" and (lines > LONGEST or block.complexity > MOST_COMPLEX):
                found.append(f"{place(path, block.fullname)}: {lines} lines, complexity {block.complexity}")
    assert not found, "\n".join(found)


def test_no_public_name_is_defined_in_two_modules() -> None:
    where = defaultdict(list)
    for path in MODULES:
        for name in dict.fromkeys(public(TREES[path])):
            where[name].append(place(path))
    found = [f"{name}: {files}" for name, files in where.items() if len(files) > 1 and name not in IN_MANY_MODULES]
    assert not found, "\n".join(found)


def test_public_functions_take_and_give_typed_rows() -> None:
    found = []
    for path in MODULES:
        if path.relative_to(LIBRARY).as_posix().startswith(OF_NO_TYPE_OF_OURS):
            continue
        for name, node in functions(TREES[path].body):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            hints = [node.returns, *(argument.annotation for argument in every if argument)]
            if not re.search(r"(?:^|\.)_(?!_)", name) and any(
                UNTYPED.search(ast.unparse(hint)) for hint in hints if hint
            ):
                found.append(place(path, name))
    assert not found, "\n".join(found)


def test_a_wrong_column_and_a_wrong_argument_of_a_script_are_errors_of_types(tmp_path: Path) -> None:
    script = """
from pathlib import Path
from xsafety.rows import Seed
def main(*, seeds: Path, lang: str) -> None:
    seed: Seed = {"id": "a", "category": "b", "text": "c", "expected": "answer"}
    print(seed["texts"], language, seeds.nam)
"""
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(tmp_path / "script.py")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert re.findall(r"error: (.*)  \[", told) == [
        'TypedDict "Seed" has no key "texts"',
        'Name "language" is not defined',
        '"Path" has no attribute "nam"',
    ], told
