"""Fitted models that many notebooks share: made once for the whole company, kept in the content-keyed store, loaded by every process.

They are saved with skops, which builds only what it knows. A type that is not among those below is refused whatever a file
asks for, so that no file can run anything; and a file whose sha256 is not the one in its card is not opened at all.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import kept, store
from .errors import CrmError

if TYPE_CHECKING:
    from .crm import Crm

# what skops does not know by itself of the models we fit; their parts hold numbers and have no code of their own to run
TRUSTED = (
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
PLACE = "models"  # in the store
_FILE, _CARD = "model.skops", "card.json"


class ModelError(CrmError):
    """A saved model must not be loaded: its report fails, and nothing of the file is run."""


@dataclass(frozen=True)
class Saved:
    """A model that was loaded, and the canonical tables read, and asked for, in making it."""

    made: dict[str, Any]
    read: list[str]
    asked: list[str]


def opened(crm: "Crm", name: str, make: Callable[["Crm"], dict[str, Any]]) -> dict[str, Any]:
    """What `make(company)` returns: from the store if anybody has made it, else made now and left there.

    Without a prepared store (`Crm.of`) it is kept in memory. The tables read, and asked for, in making it count as read and
    asked for by this page, also where it was ready.
    """
    delivery, key = crm.delivery, kept.key_of(crm, f"model {name}")
    loaded = _stored if delivery.folder and not kept.edited() else _in_memory
    model = delivery.once(f"model {key}", lambda: loaded(kept.apart(crm), name, key, make))
    delivery.read.update(model.read)
    delivery.asked.update(model.asked)
    return model.made


def _in_memory(company: "Crm", name: str, key: str, make: Callable[["Crm"], dict[str, Any]]) -> Saved:
    return Saved(_loaded(_dumped(make(company), name), key), *kept.seen(company))


def _stored(company: "Crm", name: str, key: str, make: Callable[["Crm"], dict[str, Any]]) -> Saved:
    folder = store.once(PLACE, key, partial(_fill, company, name, make))
    try:
        card, data = json.loads((folder / _CARD).read_text("utf-8")), (folder / _FILE).read_bytes()
        sha256, versions, read, asked = (card[part] for part in ("sha256", "versions", "read", "asked"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refused(key, f"cannot be read ({type(error).__name__})", "are a file and its card as they were made") from None
    if versions != store.toolchain():
        raise _refused(key, "was made with other versions of the libraries", "are those of requirements.lock")
    if store.sha(data) != sha256:
        raise _refused(key, "has another sha256 than its card says", "is the file as it was made")
    return Saved(_loaded(data, key), read, asked)


def _fill(company: "Crm", name: str, make: Callable[["Crm"], dict[str, Any]], folder: Path) -> None:
    data = _dumped(make(company), name)
    read, asked = kept.seen(company)
    (folder / _FILE).write_bytes(data)
    card = {
        "name": name, "source": company.delivery.name, "period": str(company.period), "sha256": store.sha(data),
        "versions": store.toolchain(), "read": read, "asked": asked,
    }  # fmt: skip
    store.write(folder / _CARD, json.dumps(card, ensure_ascii=False, indent=1))


# ------------------------------------------------------------------------------------------------ skops


def _dumped(made: dict[str, Any], name: str) -> bytes:
    """What was made, as bytes; refused where it could not be loaded again."""
    from skops.io import dumps, get_untrusted_types

    if not isinstance(made, dict):
        raise TypeError(f"the model {name} is a {type(made).__name__}; right is a dict of estimators, arrays, numbers and words")
    data = dumps(made)
    if strange := sorted({*get_untrusted_types(data=data)} - {*TRUSTED}):
        raise TypeError(f"the model {name} holds {', '.join(strange)}; crmlib/saved.py says which types may be saved")
    return data


def _loaded(data: bytes, key: str) -> dict[str, Any]:
    """What the bytes hold, built of trusted types alone."""
    from skops.io import loads

    try:
        made = loads(data, trusted=list(TRUSTED))
    except Exception as error:  # a file of any content, none of which is run
        raise _refused(key, f"cannot be loaded ({type(error).__name__})", "are the types that crmlib/saved.py names") from None
    if not isinstance(made, dict):
        raise _refused(key, f"holds a {type(made).__name__}", "is a dict")
    return made


def _refused(key: str, wrong: str, right: str) -> ModelError:
    return ModelError(
        f"The saved model work/{PLACE}/{key}/{_FILE} {wrong}. Right {right}; nothing of it was run. "
        "Find out who changed it, and remove its folder: the next run makes the model again."
    )
