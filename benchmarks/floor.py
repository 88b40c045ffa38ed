"""The floor: the notebooks' own calls as plain functions, in as many processes as cores; no notebook, no page, nothing written.

    python benchmarks/floor.py JOBS FOLDER     (JOBS: a JSON list of jobs as benchmarks/run.py writes it, longest first)

The functions are made from the notebooks' code cells as they are now, parameters replaced and imports on top, and lie as
plain modules in FOLDER. What a cell shows is rendered, in all languages, and thrown away. Everything is imported before the
workers are forked; they take their jobs from one queue, and OpenMP and BLAS have one thread in each.
"""

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
os.environ.update(dict.fromkeys((*THREADS, "CRM_THREADS"), "1"))  # before anything imports numpy; as our run does

import ast  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import multiprocessing  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402

from measure import ROOT  # noqa: E402


def module_of(report: str) -> str:
    """A notebook as a module: its imports, and one function of its parameters that shows what its cells show."""
    cells = json.loads((ROOT / "notebooks" / f"{report}.ipynb").read_text("utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code" and "parameters" not in c["metadata"].get("tags", [])]
    lines = [line for cell in code for line in _shown(ast.parse("".join(cell["source"])).body)]
    imports = [line for line in lines if isinstance(line, ast.Import | ast.ImportFrom)]
    body = ["    " + part for line in lines if line not in imports for part in ast.unparse(line).splitlines()]
    return "\n".join([*map(ast.unparse, imports), "", "def run(show, source, period, team, languages):", *body, ""])


def _shown(lines: list[ast.stmt]) -> list[ast.stmt]:
    """A cell's lines; what its last one yields is shown."""
    last = lines[-1] if lines else None
    if isinstance(last, ast.Expr):
        last.value = ast.Call(ast.Name("show", ast.Load()), [last.value], [])
    return lines


def show(block: object) -> None:
    """What a kernel does with a cell's result: its bundle, as JSON."""
    if block is not None:
        json.dumps(block._repr_mimebundle_())  # type: ignore[attr-defined]


def work(job: dict) -> dict:
    """One job in a worker; the processor seconds are those of all its threads."""
    begun, worked = time.perf_counter(), time.process_time()
    told = {name: job[name] for name in ("source", "period", "team", "languages")}
    sys.modules[_name(job["report"])].run(show, **told)
    return job | {"seconds": time.perf_counter() - begun, "work": time.process_time() - worked}


def _name(report: str) -> str:
    return f"floor_{report.replace('-', '_')}"


def main(jobs: list[dict], folder: Path) -> None:
    sys.path.insert(0, str(folder))
    for report in dict.fromkeys(job["report"] for job in jobs):
        (folder / f"{_name(report)}.py").write_text(module_of(report), "utf-8")
        importlib.import_module(_name(report))
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as pool:
        for done in pool.map(work, jobs):
            print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))
