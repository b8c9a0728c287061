"""What a script means, and which files it is made of: found by reading its imports."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from xsafety.workflow.code import digest, modules

LIBRARY = {
    "__init__.py": "",
    "a.py": "from . import b\n",
    "b.py": "def f():\n    from .pack.inner import g\n    return g\n",
    "c.py": "import json, os.path\n",
    "d.py": "import xsafety.c as other\n",
    "lonely.py": "",
    "pack/__init__.py": "from ..c import x\n",
    "pack/inner.py": "if True:\n    from .sibling import (\n        y,\n    )\n",
    "pack/sibling.py": "from .. import d\n",
}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import json\nimport xsafety_other\n", []),
        ("from xsafety.c import x\n", ["__init__", "c"]),
        ("from xsafety import c\n", ["__init__", "c"]),
        ("import xsafety.c\n", ["__init__", "c"]),
        ("def lazy():\n    from xsafety import d\n", ["__init__", "d", "c"]),
        ("from xsafety.pack import inner\n", ["pack/__init__", "pack/inner", "pack/sibling", "c", "d", "__init__"]),
        ("from xsafety.a import b\n", ["a", "b", "__init__", "pack/__init__", "pack/inner", "pack/sibling", "d", "c"]),
        ("if TYPE_CHECKING:\n    from xsafety import lonely\n", ["__init__", "lonely"]),
        ('text = "from xsafety import lonely"\n# import xsafety.lonely\n', []),
    ],
)
def test_imports_are_followed(tmp_path: Path, source: str, found: list[str]) -> None:
    for name, text in {**{f"xsafety/{name}": text for name, text in LIBRARY.items()}, "scripts/s.py": source}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    expected = [tmp_path / "scripts" / "s.py", *(tmp_path / "xsafety" / f"{name}.py" for name in found)]
    assert modules(tmp_path, "scripts/s.py") == sorted(map(str, expected))


@pytest.mark.parametrize(
    ("edited", "counts"),
    [
        ("# a remark\nLIMIT = 3\n\n\ndef f(x):\n    return (\n        x + LIMIT)\n", False),
        ('"""What it is for."""\nLIMIT = 3\n"""Of what."""\ndef f(x):\n    """Adds."""\n    return x + LIMIT\n', False),
        ("LIMIT = 4\ndef f(x):\n    return x + LIMIT\n", True),
        ("LIMIT = 3\ndef f(x, y=0):\n    return x + LIMIT\n", True),
        ("import json\nLIMIT = 3\ndef f(x):\n    return x + LIMIT\n", True),
    ],
)
def test_remarks_docstrings_and_layout_mean_nothing(tmp_path: Path, edited: str, counts: bool) -> None:
    digests = []
    for name, text in (("before", "LIMIT = 3\ndef f(x):\n    return x + LIMIT\n"), ("after", edited)):
        root = tmp_path / name
        (root / "xsafety").mkdir(parents=True)
        (root / "xsafety" / "a.py").write_text(text)
        (root / "s.py").write_text("from xsafety.a import f\n")
        digests.append(digest(root, "s.py"))
    assert (digests[0] != digests[1]) is counts
    assert all(len(value) == 12 for value in digests)


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").glob("*.py")))
def test_every_script_depends_on_itself_and_on_what_it_loads(script: str) -> None:
    found = {str(Path(path).relative_to(ROOT)) for path in modules(ROOT, f"scripts/{script}")}
    assert {f"scripts/{script}", "xsafety/cli.py", "xsafety/tabular.py"} <= found


def test_asking_follows_imports_inside_functions() -> None:
    found = {Path(path).name for path in modules(ROOT, "scripts/ask.py")}
    assert {"openai.py", "transformers.py", "journal.py", "prompting.py"} <= found
    assert not {"tables.py", "review.py", "report.py"} & found
