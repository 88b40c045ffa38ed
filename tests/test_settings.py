"""Settings files: nothing is retyped, nothing guessed, and every refusal says file, place, what is right."""

from pathlib import Path

import given
import pytest
from pydantic import BaseModel, ConfigDict

from crmlib.settings import check, load
from crmlib.sources import SourceFile


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    currency: str = "CNY"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    team: str = "all"
    limit: int = 1
    names: list[str] = []
    inner: Inner = Inner()


def written(tmp_path, text):
    path = tmp_path / "acme.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "team"),
    [("team: north", "north"), ("team: '007'", "007"), ('team: "NO"', "NO"), ("team: ' x '", " x "), ("\ufeffteam: 北方", "北方"),
     ("team: 1_000x", "1_000x"), ("team: 2026-10", "2026-10"), ("team: nan", "nan"), ("team: 1e5", "1e5")],
)  # fmt: skip
def test_a_text_arrives_as_it_was_written(tmp_path, text, team):
    assert check(Model, load(written(tmp_path, text)), Path("acme.yml")).team == team


@pytest.mark.parametrize("value", ["NO", "yes", "007", "1_000", "true", "null", "1.5", "2026-10-03", "[a]", "{a: b}", "~"])
def test_what_yaml_takes_for_something_else_is_refused_with_the_cure(tmp_path, value):
    message = given.refusal(
        tmp_path, lambda: check(Model, load(written(tmp_path, f"team: {value}")), Path("acme.yml")), "acme.yml: team is", code=2
    )
    assert "Put it in quotes if it is meant as text. Change it in acme.yml" in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tema: x", ["acme.yml has the key 'tema'", "did you mean 'team'?"]),
        ("inner: {curency: EUR}", ["'inner.curency'", "did you mean 'currency'?"]),
        ("zzz: 1", ["'zzz'", "known: inner, limit, names, team"]),
        ("limit: '3'", ["acme.yml: limit is '3'", "valid integer"]),
        ("limit: 3.0", ["limit is 3.0"]),
        ("names: [a, 1]", ["names.1 is 1"]),
        ("inner: 3", ["acme.yml: inner is 3"]),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_place(tmp_path, text, says):
    given.refusal(tmp_path, lambda: check(Model, load(written(tmp_path, text)), Path("acme.yml")), *says, code=2)


def test_what_is_needed_and_not_there_is_named(tmp_path):
    given.refusal(tmp_path, lambda: check(SourceFile, {}, Path("acme.yml")), "acme.yml has no 'mapping'", "Add it there", code=2)
    given.refusal(tmp_path, lambda: check(SourceFile, {"mapping": {}}, Path("acme.yml")), "no 'mapping.folder'", code=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("team: a\nteam: b", ["line 2", "'team' stands twice"]),
        ("inner:\n  currency: EUR\n  currency: USD", ["line 3", "'currency' stands twice"]),
        ("team: !!python/object/apply:os.system [echo]", ["line 1", "Write plain YAML"]),
        ("team: [a", ["Write plain YAML"]),
        ("a: b: c", ["line 1"]),
        ("? [a, b]\n: 1", ["line 1", "a key is no plain word"]),
        ("team: *nobody", ["line 1"]),
        ("- a\n- b", ["no `key: value` lines"]),
        ("", ["no `key: value` lines"]),
        ("just text", ["no `key: value` lines"]),
        ("day: 2026-02-30", ["does not exist", "Correct it there"]),
        ("a: \x00", ["cannot be read as YAML"]),
        (b"team: \xb1\xb1", ["UTF-8"]),
        ("team: a".encode("utf-16"), ["UTF-8"]),
        ("[" * 1100, ["cannot be read as YAML"]),
        ("a: " + "1" * 5000, ["does not exist"]),
    ],
    ids=lambda v: str(v)[:20],
)
def test_a_file_that_is_no_settings_file_is_refused_by_name(tmp_path, text, says):
    given.refusal(tmp_path, lambda: load(written(tmp_path, text)), "acme.yml", *says, code=2)


def test_a_file_that_is_not_there_or_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("crmlib.settings.MAX_BYTES", 100)
    given.refusal(tmp_path, lambda: load(tmp_path / "other.yml"), "no settings file other.yml", code=2)
    given.refusal(tmp_path, lambda: load(written(tmp_path, "#" * (101))), "acme.yml is larger than 1 MB", code=2)
    given.refusal(tmp_path, lambda: load(tmp_path), "There is no settings file", code=2)
    assert load(written(tmp_path, "team: a\n" + "#" * (92))) == {"team": "a"}


def test_a_value_of_any_size_makes_a_short_message(tmp_path):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefghi", "bcdefghij", strict=True))  # fmt: skip
    for text in (f"{bomb}\nteam: *j", "team: [" + "x, " * 10_000 + "]"):
        data = {"team": load(written(tmp_path, text))["team"]}
        assert len(given.refusal(tmp_path, lambda data=data: check(Model, data, Path("acme.yml")), "team is", code=2)) < 500


def test_keys_of_a_mapping_are_known_with_their_line(tmp_path):
    """What may stand within an entry of `files`, and in which line the wrong one does."""
    path = written(tmp_path, "mapping:\n  folder: x\n  files:\n    a: {path: a.csv,\n      delimeter: tab}\n")
    given.refusal(tmp_path, lambda: check(SourceFile, load(path), path), "acme.yml, line 5", "did you mean 'delimiter'?", code=2)
    path = written(tmp_path, "business: {currency: Euro}\nmapping: {folder: x}\n")
    given.refusal(
        tmp_path, lambda: check(SourceFile, load(path), path), "acme.yml, line 1", "three capital letters, such as EUR", code=2
    )
