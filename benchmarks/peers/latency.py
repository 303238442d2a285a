"""Median and 99th percentile of one decision and of one outcome, in microseconds, each asked for alone.

Three models, 384 features. barp is asked with texts (it encodes them by hashed n-grams) and, from Python, with ready vectors;
ParetoBandit is asked with ready vectors, since its own encoder is a neural network. What barp acknowledges is on the disk;
ParetoBandit keeps outcomes in memory. A decision under `barp learn` is in the journal as well.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter_ns

import numpy as np

BARP = sys.argv[1]
REQUESTS = 2000
WARM = 100
MODELS = {"small": 0.0005, "middle": 0.002, "large": 0.01}
WIDTH = 384


def prompt(row):
    kind = ["add the numbers", "translate the sentence", "write a function that sorts"][row % 3]
    return f"{kind} of case {row} and say in two sentences what you did and why it is right"


def log(path):
    draw = random.Random(1)
    with open(path, "w") as out:
        for row in range(3000):
            model = draw.choice(list(MODELS))
            good = list(MODELS).index(model) >= row % 3
            line = {"prompt": prompt(row), "model": model, "quality": float(good), "cost_usd": MODELS[model]}
            out.write(json.dumps(line | {"propensity": 1 / 3}) + "\n")


def report(name, nanoseconds):
    kept = np.array(nanoseconds[WARM:]) / 1000
    print(f"{name:<58} {np.percentile(kept, 50):>9.0f} {np.percentile(kept, 99):>9.0f}   {len(kept)}", flush=True)


class Spoken:
    """A program that answers each line with a line."""

    def __init__(self, *arguments):
        pipe = subprocess.PIPE
        self.child = subprocess.Popen([BARP, *arguments], stdin=pipe, stdout=pipe, bufsize=0)

    def ask(self, fields):
        line = (json.dumps(fields) + "\n").encode()
        began = perf_counter_ns()
        self.child.stdin.write(line)
        answer = self.child.stdout.readline()
        took = perf_counter_ns() - began
        assert b'"error"' not in answer and answer, answer
        return took

    def end(self):
        self.child.stdin.close()
        assert self.child.wait() == 0


def command_line(router):
    spoken = Spoken("route", router, "--prompts", "-", "--w-cost", "0.3", "--explore-floor", "0.1")
    report("barp route, a text", [spoken.ask({"prompt": prompt(row)}) for row in range(REQUESTS)])
    spoken.end()
    spoken = Spoken("learn", router, "--w-cost", "0.3", "--explore-floor", "0.1", "--checkpoint", "1000000")
    decisions, outcomes = [], []
    for row in range(REQUESTS):
        decisions.append(spoken.ask({"prompt": prompt(row), "request_id": row}))
        outcomes.append(spoken.ask({"request_id": row, "quality": row % 2, "cost_usd": 0.001}))
    report("barp learn, a text", decisions)
    report("barp learn, an outcome, on the disk", outcomes)
    spoken.end()


def timed(call):
    began = perf_counter_ns()
    result = call()
    return perf_counter_ns() - began, result


def module(router, folder):
    try:
        import barp
    except ImportError:
        print("SKIPPED: no wheel of barp: `make wheel` builds one")
        return
    frozen = barp.Router(router, explore_floor=0.1)
    report("barp.Router.route, a text", [timed(lambda: frozen.route([prompt(row)], 0.3))[0] for row in range(REQUESTS)])
    vectors = np.random.default_rng(1).normal(size=(REQUESTS, WIDTH)).astype(np.float32) / WIDTH**0.5
    times = [timed(lambda: frozen.route(vectors[row : row + 1], 0.3))[0] for row in range(REQUESTS)]
    report("barp.Router.route, a ready vector", times)
    learning = barp.Router(router, explore_floor=0.1, journal=folder / "python.journal")
    decisions, outcomes = [], []
    for row in range(REQUESTS):
        decisions.append(timed(lambda: learning.route([prompt(row)], 0.3, request_ids=[f"p{row}"]))[0])
        outcomes.append(timed(lambda: learning.learn(f"p{row}", row % 2, 0.001))[0])
    report("barp.Router.route of one that learns, a text", decisions)
    report("barp.Router.learn, on the disk", outcomes)


def pareto_bandit():
    try:
        from pareto_bandit import BanditRouter
        from pareto_bandit.feature_service import FeatureService
    except ImportError as error:
        print(f"SKIPPED: ParetoBandit: {error}")
        return
    registry = {
        name: {"input_cost_per_m": 1000 * price, "output_cost_per_m": 1000 * price} for name, price in MODELS.items()
    }
    service = FeatureService.for_precomputed(dimension=WIDTH)
    router = BanditRouter.create(model_registry=registry, feature_service=service, priors="none")
    vectors = np.random.default_rng(1).normal(size=(REQUESTS, WIDTH)) / WIDTH**0.5
    decisions, outcomes = [], []
    for row in range(REQUESTS):
        took, (_, told) = timed(lambda: router.route(vectors[row]))
        decisions.append(took)
        outcomes.append(timed(lambda: router.process_feedback(told.request_id, reward=float(row % 2)))[0])
    report("ParetoBandit 0.1.1 route, a ready vector", decisions)
    report("ParetoBandit 0.1.1 process_feedback, in memory", outcomes)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log(folder / "log.jsonl")
        router = str(folder / "router")
        train = [BARP, "log", "train", str(folder / "log.jsonl"), "--policy", "lin-ucb", "--out", router]
        subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
        print(f"{'microseconds, three models, 384 features':<58} {'p50':>9} {'p99':>9}   n")
        command_line(router)
        module(router, folder)
        pareto_bandit()


main()
