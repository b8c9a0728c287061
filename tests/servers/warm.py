"""What each run of this checkout's workflow and each of its jobs would load or work out anew, done once.

Imported by the process that forks (forks.py): the library, what the code of the rules means, what is known of the
languages that most tests have, and Snakemake's own command line.
"""

from importlib import import_module
from pathlib import Path

from snakemake.cli import get_argument_parser

from xsafety.asking.engines.wire import certificates
from xsafety.text.identify import other_language
from xsafety.text.languages import language
from xsafety.text.packs import packs
from xsafety.workflow.code import code_digest, modules

ROOT = Path(__file__).parents[2]

get_argument_parser()
for script in sorted([*(ROOT / "scripts").glob("*.py"), ROOT / "tests/build/test_build.py"]):
    name = str(script.relative_to(ROOT))
    code_digest(ROOT, name)
    for module in modules(ROOT, name)[1:]:
        import_module(".".join(Path(module).relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
for name in ("display", "locks", "made", "rerun", "run"):
    import_module(f"xsafety.workflow.{name}")
for tag in ("en", "fr"):
    language(tag)
    packs(tag)
certificates()
other_language("Dieser Satz ist auf Deutsch geschrieben.", "fr")
