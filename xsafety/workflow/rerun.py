"""Mends for Snakemake's decision which jobs to run again."""

import inspect
import sys
from typing import Any

from snakemake import __version__

MENDED = "9.27."  # the versions that the mends were tested with


def is_mended(shared: type[Any], mend: str) -> bool:
    """Whether a class has this mend already, as where the workflow is imported twice; from now on it has."""
    mends = vars(shared).get("mends", frozenset())
    shared.mends = mends | {mend}
    return mend in mends


def judge_every_job(dag: type[Any]) -> None:
    """Makes Snakemake look at each job's own reasons to run, also below a job that runs.

    Snakemake 9.27 takes all jobs below one that runs as decided. Where the way down is `ancient` they are not: such a
    job's changed parameter, and a changed set of inputs further down, go unseen until the run after
    (github.com/snakemake/snakemake/issues/4166). Our filing jobs take the receipt of asking as `ancient`.
    Versions that this was not tested with are left as they are.
    """
    if not __version__.startswith(MENDED) or is_mended(dag, "judge_every_job"):
        return
    decide = dag.update_needrun
    # Its only search is the one for the jobs to leave out.
    assert inspect.getsource(decide).count(".bfs(") == 1, "Snakemake decides otherwise than what is mended here"

    async def update_needrun(self: Any, *args: Any, **kwargs: Any) -> None:
        self.bfs = lambda direction, *jobs: jobs
        try:
            await decide(self, *args, **kwargs)
        finally:
            del self.bfs

    dag.update_needrun = update_needrun


def leave_pandas_unloaded(persistence: type[Any]) -> None:
    """Makes Snakemake load no pandas to see that a parameter is none of its tables: half a second of each start.

    Where a workflow has such parameters, it has loaded pandas. Versions that this was not tested with are left as they
    are.
    """
    if not __version__.startswith(MENDED) or is_mended(persistence, "leave_pandas_unloaded"):
        return
    with_pandas, without = persistence._serialize_param_pandas, persistence._serialize_param_builtin

    def serialize(self: Any, value: Any) -> Any:
        return (with_pandas if "pandas" in sys.modules else without)(self, value)

    persistence._serialize_param_pandas = serialize
