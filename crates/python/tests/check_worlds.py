"""Worlds in Python: what they must return, and what they are to an experiment."""

import barp
import numpy as np
from support import config, fails, scratch, world


def check_bad_worlds_are_refused_with_array_rule_and_value():
    text = config("[[policy]]\nkind = 'random'", "[[environment]]\nkind = 'world'")

    def refuse(change, *parts):
        def broken(seed):
            made = world(seed)
            return change(made) or made

        with fails(ValueError, "[[environment]] world: ", *parts):
            barp.run(text, out=scratch(), environments={"world": broken})

    def put(key, place, value):
        def change(made):
            made[key] = np.array(made[key], dtype=float)
            made[key][place] = value

        return change

    refuse(put("quality", (3, 1), 1.5), "`quality` must be in [0, 1], got 1.5 at row 3, column 1")
    refuse(put("quality", (3, 1), np.nan), "`quality` must be in [0, 1], got NaN at row 3, column 1")
    refuse(put("features", (2, 0), np.inf), "`features` must be finite, got inf at row 2, column 0")
    refuse(put("cost", (0, 0), -1), "`cost` must be at least 0 dollars, got -1 at row 0, column 0")
    refuse(lambda made: made.update(quality=made["quality"][:, :1]), "`quality` must be n x K = 120 x 2, got 120 x 1")
    refuse(lambda made: made.update(features=made["features"][0]), "`features` must have 2 axes, got 1")
    refuse(lambda made: made.update(cost=[["a", "b"]] * 120), "`cost` must hold numbers, got dtype <U1")
    refuse(lambda made: made.update(task=["t"]), "`task` must be one name for each of 120 rows, got 1")
    refuse(lambda made: made.update(task=[1] * 120), "`task` must hold texts, got 1 at 0")
    refuse(lambda made: made.update(models=["a", "a"]), "`models` must be distinct, got `a` twice")
    refuse(lambda made: made.update(ids=["a"] * 120), "`ids` must be distinct, got `a` twice")
    refuse(lambda made: made.pop("cost") is None, "array `cost` is missing")
    refuse(lambda made: made.update(prices=[]), "unknown array `prices` (known: features, quality, cost")
    refuse(lambda made: [made], "it must return a dict of arrays, got list")
    refuse(lambda made: made["nothing"], "Traceback", "KeyError: 'nothing'")
    refuse(lambda made: made.update(quality=np.random.rand(120, 2)), "seed 0 must give the same table each time")


def check_a_world_is_simulated_and_differs_from_replicate_to_replicate():
    seeds = set()

    def counted(seed, rows=100):
        seeds.add(seed)
        return world(seed, rows)

    text = config("[[policy]]\nkind = 'knn'", "[[environment]]\nkind = 'world'\nrows = 90")
    results = barp.run(text, out=scratch(), environments={"world": counted})
    assert results.manifest["environments"][0]["simulated"] is True
    assert results.manifest["environments"][0]["models"] == ["a", "b"]
    assert len(seeds) == 3, "0 to open it, and one for each replicate"
    assert "rows = 90" in (results.path / "config.toml").read_text()
    scores = results.replicates().to_dict()
    rows = zip(scores["metric"], scores["w_cost"], scores["task"], scores["value"])
    best = [value for metric, w_cost, task, value in rows if (metric, w_cost, task) == ("quality", 0.0, "all")]
    assert best and all(abs(value - 0.9) < 1e-6 for value in best), best
