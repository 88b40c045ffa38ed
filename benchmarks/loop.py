"""The loop that people write: papermill's command for every report and team, then nbconvert's for every language.

    python benchmarks/loop.py JOBS FOLDER      (JOBS: a JSON list of jobs as benchmarks/run.py writes it)

One after the other, with the settings that both commands come with; each is a process of its own and starts a kernel.
"""

import json
import subprocess
import sys
from pathlib import Path

from measure import ROOT


def one(job: dict, folder: Path) -> None:
    """One report for one team: executed, and a page a language."""
    executed = folder / f"{job['report']}-{job['period']}-{job['team']}.ipynb"
    languages = f"languages: [{', '.join(job['languages'])}]"
    told = [part for name in ("source", "period", "team") for part in ("-p", name, job[name])]
    subprocess.run(["papermill", ROOT / f"notebooks/{job['report']}.ipynb", executed, *told, "-y", languages], check=True)
    for lang in job["languages"]:
        page = ["--output", f"{executed.stem}.{lang}"]
        subprocess.run(["jupyter", "nbconvert", "--to", "html", "--no-input", *page, executed], check=True)


if __name__ == "__main__":
    jobs, folder = json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2])
    for job in jobs:
        one(job, folder)
