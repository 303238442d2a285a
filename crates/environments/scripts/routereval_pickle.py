"""One pool of models out of RouterEval's own pickle files (arc_router_dataset.pkl, ...) as CSV, for `barp data import`.

    python routereval_pickle.py arc_router_dataset.pkl hard/10/strong_to_weak arc.csv
    barp data import arc.csv --source routereval --no-dollars --out arc

A pool is DIFFICULTY/SIZE/KIND: easy/3, easy/5, hard/10, hard/100 or hard/1000, then all_strong, all_weak or strong_to_weak.
The layout is that of RouterEval's get_router_dataset.py. A pickle is a program. This one may name only what numpy needs to
put arrays together again; anything else is refused by its name, and nothing is run or written.
Needs numpy. Exit codes: 0 written, 1 refused, 2 wrong arguments.
"""

import csv
import os
import pickle
import sys
import tempfile

ALLOWED = {"numpy": {"dtype", "ndarray"}} | {
    f"numpy.{core}.{module}": names
    for core in ("core", "_core")
    for module, names in {"multiarray": {"_reconstruct", "scalar"}, "numeric": {"_frombuffer"}}.items()
}


class Restricted(pickle.Unpickler):
    def find_class(self, module, name):
        if name not in ALLOWED.get(module, ()):
            raise pickle.UnpicklingError(f"the pickle names `{module}.{name}`, which no array needs")
        return super().find_class(module, name)


def plain(array):
    """The list or array, if its cells are plain numbers, texts or objects: a type in a pickle may point outside of its memory."""
    kind = getattr(array, "dtype", None)
    if kind is not None and (kind.names is not None or kind.kind not in "OUSfiub"):
        raise pickle.UnpicklingError(f"an array is of type {kind}, which no pool has")
    return array


def rows(data, pool, task):
    """The header and the rows of a pool, prompts in the order train, val, test."""
    difficulty, size, kind = pool.split("/")
    chosen = data[difficulty][int(size)][kind]
    models = [str(model) for model in plain(chosen["model"])]
    yield ["sample_id", "task", "split", "prompt", *models]
    for split in ("train", "val", "test"):
        places = plain(data["split_index"][f"{split}_indices"])
        prompts, scores = plain(data["prompt"][f"{split}_prompt"]), plain(chosen["data"][f"{split}_score"])
        if not len(places) == len(prompts) == len(scores):
            raise ValueError(f"split {split}: {len(places)} places, {len(prompts)} prompts, {len(scores)} rows of scores")
        for place, prompt, row in zip(places, prompts, scores):
            yield [f"{task}.{int(place)}", task, split, str(prompt), *(float(score) for score in plain(row))]


def main(arguments):
    if len(arguments) != 3:
        print("usage: routereval_pickle.py FILE.pkl DIFFICULTY/SIZE/KIND FILE.csv", file=sys.stderr)
        return 2
    source, pool, target = arguments
    task = os.path.basename(source).removesuffix(".pkl").removesuffix("_router_dataset")
    try:
        with open(source, "rb") as file:
            table = list(rows(Restricted(file).load(), pool, task))
    except Exception as error:  # A damaged pickle can raise anything.
        print(f"error: {source}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    # Beside, then renamed: what fails leaves nothing.
    folder = os.path.dirname(os.path.abspath(target))
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", newline="", encoding="utf-8", delete=False) as file:
        csv.writer(file).writerows(table)
    os.replace(file.name, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
