"""What several checks need: a policy, a world, configurations, scratch folders, expected exceptions."""

import os
import tempfile
from pathlib import Path

import numpy as np

BARP = os.environ.get("BARP")


class Uniform:
    """Chooses at random among the models that are up, by the numbers it is given."""

    batch = 16

    def __init__(self, task, extra=0):
        self.task = task

    def choose(self, contexts):
        up = contexts.available
        draws = contexts.uniform(1)[:, 0]
        place = (draws * up.sum(axis=1)).astype(int)
        return (np.cumsum(up, axis=1) > place[:, None]).argmax(axis=1), 1 / up.sum(axis=1)

    def learn(self, contexts, feedback):
        pass

    def decide(self, contexts):
        return contexts.available.argmax(axis=1)


def world(seed, rows=120):
    random = np.random.default_rng(seed)
    kind = random.integers(2, size=rows)
    return {
        "features": np.eye(4, dtype=np.float32)[kind],
        "quality": np.where(kind[:, None] == [0, 1], 0.9, 0.2),
        "cost": np.full((rows, 2), [0.001, 0.002]),
        "task": [f"kind-{one}" for one in kind],
        "models": ["a", "b"],
    }


def config(policies, environments="[[environment]]\nkind = 'calibrated'\nrows = 300\n", top=""):
    return f"name = 'check'\nreplicates = 2\n{top}\n{environments}\n{policies}"


ONLINE = "[protocol]\nkind = 'online'\nrounds = 300\ncheckpoints = 3"


def bytes_under(folder, *endings):
    files = sorted(path for path in Path(folder).rglob("*") if path.name.endswith(endings))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def fails(kind, *parts, without=None):
    """A context in which an exception of that kind with these parts of its message must be raised, and `without` another."""

    class Failing:
        def __enter__(self):
            return self

        def __exit__(self, got, value, _):
            assert got is not None, f"{kind.__name__} must be raised"
            assert issubclass(got, kind), f"{got.__name__}: {value}"
            for part in parts:
                assert part in str(value), f"`{part}` is missing in: {value}"
            assert without is None or without not in str(value), f"`{without}` must not stand in: {value}"
            return True

    return Failing()


def scratch():
    return Path(tempfile.mkdtemp(prefix="barp-check-"))
