"""What a script means, and which files it is made of: found by reading its imports."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project, Run, demo_config
from xsafety.workflow import code
from xsafety.workflow.code import code_digest, modules, read_source

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
        ("if TYPE_CHECKING:\n    from xsafety import lonely\n", []),
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
    before = 'LIMIT = Field(3, description="of x")\ndef f(x):\n    return x + LIMIT\n'
    for name, text in (
        ("before", before),
        ("after", edited.replace("LIMIT = 3", 'LIMIT = Field(3, description="most")')),
    ):
        root = tmp_path / name
        (root / "xsafety").mkdir(parents=True)
        (root / "xsafety" / "a.py").write_text(text)
        (root / "s.py").write_text("from xsafety.a import f\n")
        digests.append(code_digest(root, "s.py"))
    assert (digests[0] != digests[1]) is counts
    assert all(len(value) == 12 for value in digests)


def test_a_yaml_file_of_a_modules_name_counts_by_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "xsafety").mkdir()
    (tmp_path / "xsafety" / "a.py").write_text("LIMIT = 3\n")
    (tmp_path / "s.py").write_text("from xsafety import a\n")
    digests = []
    for text in ("- key: b\n", "# A remark.\n- {key: b}\n", "- key: c\n"):
        (tmp_path / "xsafety" / "a.yaml").write_text(text)
        read_source.cache_clear()
        code_digest.cache_clear()
        digests.append(code_digest(tmp_path, "s.py"))
    assert digests[0] == digests[1] != digests[2]


def test_what_was_read_once_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xsafety").mkdir()
    (tmp_path / "xsafety" / "a.py").write_text("LIMIT = 3\n")
    (tmp_path / "s.py").write_text("from xsafety import a\n")
    record = tmp_path / "code.json"

    def anew() -> str:
        read_source.cache_clear()
        code_digest.cache_clear()
        code._parsed.clear()
        return code_digest(tmp_path, "s.py", record)

    first = anew()
    with monkeypatch.context() as patch:
        patch.setattr(code, "_read", None)
        assert anew() == first
    record.write_text("{torn")
    assert anew() == first
    (tmp_path / "xsafety" / "a.py").write_text("LIMIT = 4\n")
    assert anew() != first


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").glob("*.py")))
def test_every_script_depends_on_itself_and_on_what_it_loads(script: str) -> None:
    found = {str(Path(path).relative_to(ROOT)) for path in modules(ROOT, f"scripts/{script}")}
    assert {f"scripts/{script}", "xsafety/cli.py", "xsafety/tabular.py"} <= found


def test_asking_follows_imports_inside_functions() -> None:
    found = {Path(path).name for path in modules(ROOT, "scripts/ask.py")}
    assert {"openai.py", "generate.py", "journal.py", "prompting.py"} <= found
    assert not {"tables.py", "review.py", "report.py"} & found


@pytest.fixture(scope="module")
def project(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after its first run, with a copy of the workflow in `code` that finds nothing to do in it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    for path in ("rules", "scripts", "xsafety", "envs", "report", "tests/build"):
        shutil.copytree(ROOT / path, folder / "code" / path, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder / "code")
    made = Project(folder, demo_config("http://127.0.0.1:9"))
    # Its data files have other paths than those of the run before.
    done = made.run("--touch", "--snakefile", "code/Snakefile")
    assert done.status == 0, done.output
    return made


def plan(project: Project) -> Run:
    done = project.run("-n", "--snakefile", "code/Snakefile")
    assert done.status == 0, done.output
    return done


def rerun_for_code(done: Run) -> set[str]:
    """The rules of which a job is planned because its code means something else, whatever else is a reason."""
    jobs = re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):$(?:\n    .*)*?\n    reason: (.*)$", done.output, re.M)
    return {rule for rule, reason in jobs if "Params have changed" in reason}


def test_remarks_and_new_dates_rerun_nothing(project: Project) -> None:
    for path in (project.folder / "code").rglob("*"):
        if path.suffix == ".py":
            text = path.read_text(encoding="utf-8")
            text = text.replace('"""', '"""Said otherwise: ', 1).replace("\n\n", "\n\n\n# A remark.\n\n", 1)
            path.write_text(f'{text}\n"""The end."""\n', encoding="utf-8")
        if path.is_file():
            os.utime(path)
    assert (done := plan(project)).nothing_done, done.output


def digests(root: Path) -> dict[str, str]:
    """What the script of each rule means, read anew."""
    read_source.cache_clear()
    code_digest.cache_clear()
    scripts = {path.stem: f"scripts/{path.name}" for path in (root / "scripts").glob("*.py")}
    return {
        rule: code_digest(root, script)
        for rule, script in {**scripts, "data_tests": "tests/build/test_build.py"}.items()
    }


@pytest.mark.parametrize(
    "file",
    [
        "xsafety/judging/__init__.py",
        "xsafety/analysis/tables.py",
        "xsafety/plan/__init__.py",
        "tests/build/test_build.py",
    ],
)
def test_a_changed_constant_reruns_the_rules_above_it(project: Project, file: str) -> None:
    root = project.folder / "code"
    before = digests(root)
    text = (root / file).read_text(encoding="utf-8")
    (root / file).write_text(f"{text}\nANOTHER_CONSTANT = 1\n", encoding="utf-8")
    done = plan(project)
    changed = {rule for rule, meaning in digests(root).items() if meaning != before[rule]}
    (root / file).write_text(text, encoding="utf-8")
    made = {path.name.partition(".")[0] for path in (project.folder / "results/logs").iterdir()}
    assert changed
    assert rerun_for_code(done) == changed & made
    assert done.nothing_done is not bool(changed & made)


def test_a_changed_template_renders_the_report_only(project: Project) -> None:
    template = project.folder / "code/xsafety/report/templates/page.html.j2"
    template.write_text(template.read_text(encoding="utf-8") + "<!-- more -->", encoding="utf-8")
    assert plan(project).jobs == ["provenance", "report"]
