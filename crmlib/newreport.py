"""A new report: its notebook, which runs at once, and its place among the reports of a params file."""

import difflib
import json
import re
from pathlib import Path
from typing import Any

from . import params, places, settings, store
from .errors import UsageError

FORM = Path(__file__).with_name("new.ipynb")  # what a new notebook begins as; {title} and the like stand where words go
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,60}")
_LIST = re.compile(r"^(reports:[ \t]*\[)([^\]]*?)([ \t]*,?[ \t]*)\]", re.M)
_ITEMS = re.compile(r"^reports:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n|[ \t]*-[^\n]*\n?)*", re.M)
RESERVED = ("all", "index", "prepare", places.CUSTOM)

QUESTIONS = {
    "en": "How did the figures of this report develop?",
    "zh": "本报表的指标如何变化？",
}


def make(name: str, titles: dict[str, str], questions: dict[str, str], file: str) -> Path:
    """The notebook of a new report, listed in a params file. A language without words of its own has the other's."""
    listed = places.from_root(file)
    reports = params.load(file).reports
    path = _free(name, reports)
    entry = _with_entry(listed, name)
    title = name.replace("-", " ").replace("_", " ").capitalize()
    words = _both(titles, {"en": title, "zh": title}, "title") | _both(questions, QUESTIONS, "question")
    nb = json.loads(FORM.read_text("utf-8"))
    for cell in nb["cells"]:
        cell["source"] = [_filled(line, words | {"name": name}) for line in cell["source"]]
    store.write(path, json.dumps(nb, ensure_ascii=False, indent=1) + "\n")
    store.write(listed, entry)
    return path


def _free(name: str, reports: list[str]) -> Path:
    """Where the notebook will lie; a name that cannot be one, or is taken, is refused."""
    if not _NAME.fullmatch(name):
        right = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        hint = f"did you mean {right!r}?" if _NAME.fullmatch(right) else "for instance 'late-orders'."
        raise UsageError(f"{name!r} is no name of a report. Right are small letters, digits, - and _, a letter first; {hint}")
    if name in RESERVED or places.custom_slug(name) is not None:
        raise UsageError(
            f"{name!r} has a meaning of its own. Take another name; a page without code is a file of params/custom, which `custom` lists."
        )
    path = places.notebook(name)
    if path.exists() or name in reports:
        there = sorted({p.stem for p in path.parent.glob("*.ipynb")} | set(reports))
        like = difflib.get_close_matches(name, [n for n in there if n != name], n=1)
        raise UsageError(
            f"There is a report {name!r} already. Take another name, or change notebooks/{name}.ipynb."
            + (f" (There is {like[0]!r} too.)" if like else "")
        )
    return path


def _both(said: dict[str, str], usual: dict[str, str], what: str) -> dict[str, str]:
    """The words of a part in both languages."""
    given = {lang: " ".join(text.split()) for lang, text in said.items() if text.strip()}
    if any(re.search(r"[<>\[\]`$#*\\{}]", text) or len(text) > 200 for text in given.values()):
        raise UsageError(
            f"A {what} is plain text of at most 200 signs, without any of < > [ ] ` $ # * \\ {{ }}. Change --{what}."
        )
    first = next(iter(given.values()), None)
    return {f"{what}_{lang}": given.get(lang) or first or usual[lang] for lang in usual}


def _filled(line: str, words: dict[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda m: words[m[1]], line)


def _with_entry(path: Path, name: str) -> str:
    """The text of a params file with one report more: everything else stays as it was written."""
    text = path.read_text("utf-8-sig")
    found = _LIST.search(text)
    if found:
        made = text[: found.end(2)] + (", " if found[2].strip() else "") + name + text[found.end(3) :]
    else:
        items = _ITEMS.search(text)
        last = list(re.finditer(r"^([ \t]*)-[^\n]*$", items[0], re.M))[-1:] if items else []
        if not items or not last:
            raise _by_hand(path, name)
        at = items.start() + last[0].end()
        made = f"{text[:at]}\n{last[0][1]}- {name}{text[at:]}"
    before, now = settings.load(path), _read(made)
    if now is None or now != before | {"reports": [*before["reports"], name]}:
        raise _by_hand(path, name)
    return made


def _read(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _by_hand(path: Path, name: str) -> UsageError:
    return UsageError(
        f"{path.name} lists its reports in a form that cannot be added to. Right is `reports: [funnel, activity]` or a line `- funnel` for each. "
        f"Write it so in {path.name}, and ask for {name} again."
    )
