"""Where things lie: the project's root, and the folder that takes everything a run makes (`--out`, else reports_out)."""

import os
from pathlib import Path

CUSTOM = "custom"  # the one notebook of all pages without code
CUSTOM_NAME = "custom-"  # how the name of such a page's report begins; the rest is its file's
ROOT = Path(os.environ.get("CRM_ROOT") or Path(__file__).resolve().parent.parent)


def out() -> Path:
    """The folder of everything that is made; CRM_OUT moves it as a whole."""
    return from_root(os.environ.get("CRM_OUT") or "reports_out")


def work() -> Path:
    """Prepared stores, executed notebooks, logs: raw data, so for the owner's eyes alone; may be deleted at any time."""
    folder = out() / "work"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def notebook(report: str) -> Path:
    """The notebook of a report, whether it is there or not; all pages without code have one in common."""
    return ROOT / "notebooks" / f"{CUSTOM if custom_slug(report) else report}.ipynb"


def custom_slug(report: str) -> str | None:
    """The file's name of a page without code; of any other report None.

    >>> custom_slug("custom-order-times"), custom_slug("funnel")
    ('order-times', None)
    """
    return report.removeprefix(CUSTOM_NAME) if report.startswith(CUSTOM_NAME) else None


def custom_file(slug: str) -> Path:
    """The file of a page without code."""
    return ROOT / "params" / "custom" / f"{slug}.yml"


def from_root(path: str | Path) -> Path:
    """A path as the user wrote it; relative ones count from the project's root, wherever the process was started."""
    return ROOT / Path(path).expanduser()


def short(path: Path) -> str:
    """A path as short as it can be said from here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
