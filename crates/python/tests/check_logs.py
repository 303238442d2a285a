"""Production logs: estimates and decisions are those of the command line."""

import json
import subprocess
from pathlib import Path

import barp
import numpy as np
from support import BARP, fails, scratch


def write_log():
    random = np.random.default_rng(3)
    path = Path(scratch()) / "log.jsonl"
    quality = {"a": 0.8, "b": 0.8, "c": 0.3}
    dollars = {"a": 0.01, "b": 0.002, "c": 0.001}
    with open(path, "w") as file:
        for number in range(3000):
            model = "abc"[random.integers(3)]
            row = {
                "prompt": f"request {number}",
                "model": model,
                "score": float(random.random() < quality[model]),
                "cost_usd": dollars[model] * (0.5 + random.random()),
                "propensity": 1 / 3,
            }
            file.write(json.dumps(row) + "\n")
    return path


def command(*arguments):
    done = subprocess.run([BARP, "log", *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def check_estimates_are_those_of_the_command_line():
    path = write_log()
    found = barp.ope(path, policies=["always:b", "random"], columns={"quality": "score"})
    truths = {("always:b", "quality"): 0.8, ("always:b", "cost_usd"): 0.002, ("random", "quality"): 1.9 / 3}
    for one in found:
        estimate = one["doubly-robust"]
        truth = truths.get((one["policy"], one["outcome"]), estimate["value"])
        half = estimate["ci_high"] - estimate["ci_low"]
        assert abs(estimate["value"] - truth) < half, one
    if BARP:
        arguments = ["ope", path, "--policy", "always:b", "--policy", "random", "--column", "quality=score", "--json"]
        assert found == command(*arguments)


def check_a_decision_is_that_of_the_command_line():
    path = write_log()
    found = barp.decide(path, incumbent="a", columns={"quality": "score"}, margin=0.1)
    assert (found["decision"], found["about"]) == ("switch", "always:b"), found["sentence"]
    assert found["sentence"].startswith("Switch from always:a to always:b: ")
    if BARP:
        arguments = ["decide", path, "--incumbent", "a", "--column", "quality=score", "--margin", "0.1", "--json"]
        assert found == command(*arguments)
    assert barp.decide(path, w_cost=0.0, columns={"quality": "score"})["goal"] == {"kind": "reward", "w_cost": 0.0}


def check_what_a_log_cannot_say_is_a_value_error():
    path = write_log()
    with fails(ValueError, "unknown model `z`"):
        barp.decide(path, incumbent="z")
    with fails(ValueError, "at most one of w_cost"):
        barp.decide(path, w_cost=0.5, dollars_at_most=0.1)
    with fails(ValueError, "propensities must be `logged` or `shares`"):
        barp.ope(path, propensities="guessed")
    with fails(ValueError, "columns: unknown field `qualty`"):
        barp.ope(path, columns={"qualty": "score"})
