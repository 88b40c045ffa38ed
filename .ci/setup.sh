#!/bin/sh
# Make .venv and install the lock into it: with uv where it is there and works, else with venv and pip.
set -eu
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$python is $("$python" --version 2>&1). Python 3.11 or newer is needed. Say which one: PYTHON=/path/to/python3.11 make setup" >&2
    exit 2
}

with_uv() {
    command -v uv >/dev/null 2>&1 || return 1
    uv venv --quiet --clear --python "$("$python" -c 'import sys; print(sys.executable)')" .venv &&
        uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r requirements.lock &&
        uv pip install --quiet --python .venv/bin/python --no-deps -e .
}

with_pip() {
    rm -rf .venv
    "$python" -m venv .venv &&
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock &&
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
}

echo "Setting up .venv (once; again only when requirements.lock changes) …"
with_uv || with_pip
