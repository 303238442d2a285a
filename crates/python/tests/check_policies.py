"""Policies in Python: what they may see, what they must return, when they are another policy."""

import sys

import barp
import numpy as np
from support import ONLINE, Uniform, config, fails, scratch, world


def check_a_policy_sees_contexts_and_the_outcomes_of_its_choices_alone():
    seen = {}

    class Curious(Uniform):
        def choose(self, contexts):
            seen["contexts"] = {name for name in dir(contexts) if not name.startswith("_")}
            seen["task"] = {name for name in dir(self.task) if not name.startswith("_")}
            seen["shapes"] = (contexts.features.shape, contexts.list_prices.shape, contexts.available.shape)
            return super().choose(contexts)

        def learn(self, contexts, feedback):
            seen["feedback"] = {name for name in dir(feedback) if not name.startswith("_")}
            seen["rows"] = (len(contexts), len(feedback), feedback.arms.shape, feedback.quality.shape, feedback.cost.shape)
            seen["types"] = (feedback.quality.dtype, feedback.cost.dtype, contexts.features.dtype)
            with fails(ValueError, "`uniform` must be called in `choose`"):
                contexts.uniform(1)
            with fails(AttributeError):
                feedback.arms = None

    text = config("[[policy]]\nkind = 'mine'", "[[environment]]\nkind = 'world'", ONLINE)
    barp.run(text, out=scratch(), policies={"mine": Curious}, environments={"world": world})
    assert seen["contexts"] == {"rounds", "features", "preferences", "list_prices", "available", "uniform"}
    assert seen["feedback"] == {"arms", "quality", "cost", "latency"}
    assert seen["task"] == {"models", "dimension", "tau_usd", "reward"}
    rows = 300 % 16
    assert seen["rows"] == (rows, rows, (rows,), (rows,), (rows,))
    assert seen["shapes"] == ((rows, 4), (rows, 2), (rows, 2))
    assert seen["types"] == (np.float32, np.float64, np.float32)


def check_what_a_policy_changes_in_its_arrays_reaches_nobody():
    class Vandal(Uniform):
        def choose(self, contexts):
            chosen = super().choose(contexts)
            contexts.features[:] = 0
            contexts.preferences[:] = 0
            return chosen

    def numbers(policy):
        text = config("[[policy]]\nkind = 'mine'", top=ONLINE)
        scores = barp.run(text, out=scratch(), policies={"mine": policy}, log_decisions=True).decisions().to_dict()
        return scores["w_cost"]

    assert numbers(Vandal) == numbers(Uniform)


def check_draws_do_not_depend_on_the_batch():
    class Single(Uniform):
        pass

    def arms(batch):
        Single.batch = batch
        out = scratch()
        text = config("[[policy]]\nkind = 'mine'", top=ONLINE)
        results = barp.run(text, out=out, policies={"mine": Single}, log_decisions=True)
        return results.decisions().to_dict()["arm"]

    assert arms(1) == arms(7)
    assert len(set(arms(1))) > 5, "and they are draws"


def check_an_edited_policy_is_not_served_old_cells():
    folder = scratch()
    sys.path.insert(0, str(folder))

    def ids(module, body, revision=0, parameters=""):
        (folder / f"{module}.py").write_text(
            "import support\n"
            f"class Mine(support.Uniform):\n    revision = {revision}\n    def decide(self, contexts):\n        {body}\n"
        )
        made = {}
        exec("import importlib, " + module, made)
        text = config(f"[[policy]]\nkind = 'mine'\n{parameters}")
        results = barp.run(text, out=folder / "out", policies={"mine": made[module].Mine})
        return [cell["id"] for cell in results.manifest["cells"]]

    body = "return contexts.available.argmax(axis=1)"
    first = ids("one", body)
    assert first == ids("two", body), "the same class is the same policy"
    others = [ids("three", body + " * 1"), ids("four", body, revision=1), ids("five", body, parameters="extra = 3")]
    assert len({first[0], *(other[0] for other in others)}) == 4


def check_exceptions_become_the_failure_of_the_cell():
    class Broken(Uniform):
        def learn(self, contexts, feedback):
            raise KeyError("no such thing")

    out, text = scratch(), config("[[policy]]\nkind = 'mine'\n[[policy]]\nkind = 'random'")
    parts = ["2 cells failed", "mine · replicate 1: policy `mine`, learn: Traceback", "in learn", "KeyError: 'no such thing'"]
    with fails(RuntimeError, *parts, without="panicked"):
        barp.run(text, out=out, policies={"mine": Broken})
    assert sum(cell["ledger"] is not None for cell in barp.load(out).manifest["cells"]) == 2, "other cells are kept"

    def broken(answer, *parts):
        class Wrong(Uniform):
            def choose(self, contexts):
                return answer(contexts)

        with fails(RuntimeError, *parts):
            barp.run(config("[[policy]]\nkind = 'mine'"), out=scratch(), policies={"mine": Wrong})

    broken(lambda c: np.zeros(len(c), int), "`choose` must return (arms, propensities), got array")
    broken(lambda c: ([0.5] * len(c), [1] * len(c)), "the arms that `choose` returns must hold whole numbers, got dtype float64")
    broken(lambda c: ([99] * len(c), [1] * len(c)), "must lie in 0..11, got 99 at row 0")
    broken(lambda c: ([0], [1]), "must be one for each of 16 requests, got 1")
    broken(lambda c: ([0] * len(c), [0] * len(c)), "the propensities that `choose` returns must lie in (0, 1], got 0 at row 0")
    broken(lambda c: ([0] * len(c), [[1]] * len(c)), "must have 1 axis, got 2")


def check_bad_policies_and_configurations_are_refused_before_anything_runs():
    def refuse(text, *parts, **extensions):
        with fails(ValueError, *parts):
            barp.run(text, out=scratch(), **extensions)

    mine = {"policies": {"mine": Uniform}}
    one = config("[[policy]]\nkind = 'mine'\n")
    refuse(one, "unknown policy `mine`")
    refuse(config("[[policy]]\nkind = 'mne'"), "<text>:9: [[policy]] mne: unknown policy `mne` (nearest is `mine`;", **mine)
    refuse(one + "extr = 1", "[[policy]] mine: unknown key `extr` (nearest is `extra`; known: kind, name, only, tune, sweep, extra)", **mine)
    refuse(one + "extra = 'x'", '`extra` must be a number like its default 0, got "x"', **mine)
    refuse(one, "the policy `knn` must have another name: that one is registered", policies={"knn": Uniform})
    refuse("name = 'x'\nreplicates = 0\n[[environment]]\n[[policy]]\nkind='knn'", "`replicates` must be from 1 to 100000, got 0")
    with fails(FileNotFoundError, "nothing.toml"):
        barp.run("nothing.toml")

    class NoDecide:
        def __init__(self, task): ...
        def choose(self, contexts): ...
        def learn(self, contexts, feedback): ...

    refuse(one, "policy `mine`: its class must have the method `decide`", policies={"mine": NoDecide})

    class NoDefault(Uniform):
        def __init__(self, task, rate): ...

    refuse(one, "policy `mine`: parameter `rate` must have a default", policies={"mine": NoDefault})

    class Loose(Uniform):
        def __init__(self, task, **rest): ...

    refuse(one, "parameter `**rest` must be written out", policies={"mine": Loose})

    class Taken(Uniform):
        def __init__(self, task, only=1): ...

    refuse(one, "parameter `only` must have another name", policies={"mine": Taken})

    class Batch(Uniform):
        batch = 0

    refuse(one, "`batch` must be a whole number of at least 1, got 0", policies={"mine": Batch})


def check_a_model_that_is_down_must_not_be_chosen():
    class Stubborn(Uniform):
        def choose(self, contexts):
            return [0] * len(contexts), [1] * len(contexts)

    outage = "[[environment]]\nkind = 'world'\n[[environment.shift]]\nkind = 'outage'\nmodels = ['a']\nfrom = 100\nuntil = 150"
    text = config("[[policy]]\nkind = 'mine'", outage, ONLINE)
    barp.run(text, out=scratch(), policies={"mine": Uniform}, environments={"world": world})
    with fails(RuntimeError, "the arms that `choose` returns must be available, got 0 (`a`) at row"):
        barp.run(text, out=scratch(), policies={"mine": Stubborn}, environments={"world": world})


def check_what_is_learnt_after_a_checkpoint_does_not_reach_it():
    class Spoilt(Uniform):
        """Decides well until it has learnt three times."""

        learnt = 0

        def learn(self, contexts, feedback):
            self.learnt += 1

        def decide(self, contexts):
            right = contexts.features[:, 1] > 0.5
            return np.where(right if self.learnt <= 3 else ~right, 1, 0)

    def quality(select):
        top = f"[protocol]\nkind = 'train-then-test'\ncheckpoints = 4\nselect = '{select}'"
        text = config("[[policy]]\nkind = 'mine'", "[[environment]]\nkind = 'world'", top)
        results = barp.run(text, out=scratch(), policies={"mine": Spoilt}, environments={"world": world})
        scores = results.summary().to_dict()
        rows = zip(scores["metric"], scores["phase"], scores["w_cost"], scores["task"], scores["value"])
        return [row[-1] for row in rows if row[:4] == ("quality", "test", 0.0, "all")]

    assert abs(quality("best-validation")[0] - 0.9) < 1e-6
    assert abs(quality("last")[0] - 0.2) < 1e-6
