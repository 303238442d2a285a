"""What Python users are promised, checked on the installed wheel. No test library: `python checks.py`.

With BARP=path of the command line, its bytes are compared with ours.
"""

import ast
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import barp
import numpy as np

HERE = Path(__file__).resolve().parent
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


def fails(kind, *parts):
    """A context in which an exception of that kind with these parts of its message must be raised."""

    class Failing:
        def __enter__(self):
            return self

        def __exit__(self, got, value, _):
            assert got is not None, f"{kind.__name__} must be raised"
            assert issubclass(got, kind), f"{got.__name__}: {value}"
            for part in parts:
                assert part in str(value), f"`{part}` is missing in: {value}"
            return True

    return Failing()


def scratch():
    return Path(tempfile.mkdtemp(prefix="barp-check-"))


def check_any_number_of_threads_gives_the_same_bytes():
    sys.path.insert(0, str(HERE.parent / "examples"))
    for protocol in ("", ONLINE):
        made = []
        for threads in (1, 2):
            out = scratch()
            both = config(
                "[[policy]]\nkind = 'mine'\n[[policy]]\nkind = 'lin-ts'",
                "[[environment]]\nkind = 'calibrated'\nrows = 300\n[[environment]]\nkind = 'world'\n",
                protocol,
            )
            barp.run(
                both,
                out=out,
                threads=threads,
                policies={"mine": Uniform},
                environments={"world": world},
                log_decisions=True,
            )
            made.append(bytes_under(out, ".parquet", ".csv", "config.toml"))
        assert len(made[0]) == 2 * 8 + 3, sorted(made[0])
        assert made[0] == made[1]


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


def check_the_command_line_writes_the_same_bytes():
    if not BARP:
        print("SKIPPED: the command line is absent: set BARP to its path")
        return
    folder, text = scratch(), config("[[policy]]\nkind = 'knn'\n[[policy]]\nkind = 'barp'\nepochs = 3\n")
    (folder / "check.toml").write_text(text)
    here = os.getcwd()
    os.chdir(folder)
    try:
        barp.run("check.toml", out="ours", log_decisions=True)
        ours = bytes_under("ours", ".parquet", ".csv", "config.toml", "manifest.json")
        # The same folder name: the manifest holds the command that makes it again.
        Path("ours").rename("kept")
        subprocess.run([BARP, "run", "check.toml", "--out", "ours", "--log", "decisions"], check=True, capture_output=True)
        theirs = bytes_under("ours", ".parquet", ".csv", "config.toml", "manifest.json")
        assert ours.keys() <= theirs.keys(), (sorted(ours), sorted(theirs))
        for name, content in ours.items():
            assert content == theirs[name], name
        assert barp.load("ours").summary().to_dict() == barp.load("kept").summary().to_dict()
    finally:
        os.chdir(here)


def trained(folder):
    rows = []
    for row in range(120):
        kind = row % 2
        line = {"sample_id": f"r{row}", "task": "t", "prompt": ["add the numbers", "write a poem"][kind] + f" {row}"}
        for model, (good, price) in {"small": (kind == 0, 0.001), "large": (True, 0.01)}.items():
            line[model], line[f"{model}|total_cost"] = (0.9 if good else 0.1), price
        rows.append(json.dumps(line))
    (folder / "rows.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "router.toml").write_text(
        config(
            "[[policy]]\nkind = 'barp'\nepochs = 3\n",
            f"[[environment]]\nkind = 'recorded'\nfile = {json.dumps(str(folder / 'rows.jsonl'))}\n",
        )
    )
    card = barp.train(folder / "router.toml", "barp", folder / "router", licence="ours")
    assert card["licence"] == "ours" and card["models"] == ["small", "large"], card
    return folder / "router"


def check_a_router_decides_as_under_the_command_line():
    folder = scratch()
    file = trained(folder)
    router = barp.Router(file)
    prompts = [f"add the numbers {i}" if i % 3 else f"write a poem {i}" for i in range(40)]
    weights = np.linspace(0, 1, 40)
    routed = router.route(prompts, weights)
    assert routed["probabilities"].shape == (40, 2) and routed["probabilities"].dtype == np.float32
    assert np.allclose(routed["probabilities"].sum(axis=1), 1, atol=1e-6)
    assert routed["model"] == [router.models[arm] for arm in routed["arm"]]
    assert router.card["encoder"]["name"] == "hashed"
    assert barp.Router(file, without=["large"]).route(prompts, 0.0)["model"] == ["small"] * 40
    if not BARP:
        print("SKIPPED: the command line is absent: set BARP to its path")
        return
    lines = [json.dumps({"prompt": prompt, "w_cost": weight}) for prompt, weight in zip(prompts, weights.tolist())]
    (folder / "prompts.jsonl").write_text("\n".join(lines) + "\n")
    command = [BARP, "route", str(file), "--prompts", str(folder / "prompts.jsonl")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    theirs = [json.loads(line) for line in printed.splitlines()]
    assert [line["model"] for line in theirs] == routed["model"]
    for row, line in enumerate(theirs):
        assert [np.float32(line["probabilities"][model]) for model in router.models] == list(routed["probabilities"][row])
        assert line["predicted_quality"] == routed["predicted_quality"][row]
        assert line["predicted_cost_usd"] == routed["predicted_cost_usd"][row]


def check_routers_say_what_is_wrong():
    file = trained(scratch())
    router = barp.Router(file)
    with fails(ValueError, "w_cost of prompt 1: the weight on cost must lie in [0, 1], got 1.5"):
        router.route(["a", "b"], [0.5, 1.5])
    with fails(ValueError, "w_cost must be one number, or one for each of 2 prompts, got 3"):
        router.route(["a", "b"], [0.5, 0.5, 0.5])
    with fails(ValueError, "prompt 0: an embedding must have 384 numbers, got 2"):
        router.route(np.zeros((3, 2)), 0.5)
    with fails(ValueError, "got NaN at 3"):
        router.route(np.where(np.arange(384) == 3, np.nan, 0)[None], 0.5)
    with fails(ValueError, "got one text"):
        router.route("a prompt", 0.5)
    with fails(ValueError, "unknown model `smal` (nearest is `small`"):
        barp.Router(file, without=["smal"])
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with fails(ValueError, "it is corrupt"):
        barp.Router(file)
    assert router.route([], 0.5)["model"] == []
    assert barp.Router.route.__doc__ and barp.run.__doc__


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
    assert seen["feedback"] == {"arms", "quality", "cost"}
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


def check_arrow_reads_what_the_parquet_files_hold():
    out = scratch()
    results = barp.run(config("[[policy]]\nkind = 'knn'\n[[policy]]\nkind = 'oracle'"), out=out, log_decisions=True)
    summary, replicates = results.summary(), results.replicates()
    assert summary.columns[:4] == ["environment", "policy", "phase", "w_cost"] and len(summary) > 100
    assert replicates.columns[:3] == ["environment", "policy", "replicate"]
    assert set(replicates.to_dict()["replicate"]) == {0, 1}
    assert results.path == out and results.manifest["environments"][0]["simulated"] is True
    assert barp.load(out).summary().to_dict() == summary.to_dict()
    with fails(ValueError, "unknown policy `kn` (known: knn, oracle)"):
        results.decisions(policy="kn")
    with fails(ValueError, "manifest.json"):
        barp.load(out / "nothing")
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        print("SKIPPED: pyarrow is absent")
        return
    read = pyarrow.parquet.read_table(out / "summary.parquet")
    assert pyarrow.table(summary).equals(read)
    assert pyarrow.table(summary).equals(pyarrow.table(summary)), "it can be read again"
    assert pyarrow.table(replicates).to_pydict() == replicates.to_dict()
    cells = results.manifest["cells"]
    logged = [pyarrow.parquet.read_table(out / "decisions" / f"{cell['id']}.parquet") for cell in cells]
    ours = pyarrow.table(results.decisions())
    assert ours.drop_columns(["environment", "policy", "replicate"]).equals(pyarrow.concat_tables(logged))
    results.summary().__arrow_c_stream__()  # a capsule that nobody reads is released by itself


def check_an_edited_policy_is_not_served_old_cells():
    folder = scratch()
    sys.path.insert(0, str(folder))

    def ids(module, body, revision=0, parameters=""):
        (folder / f"{module}.py").write_text(
            "import checks_base\n"
            f"class Mine(checks_base.Uniform):\n    revision = {revision}\n    def decide(self, contexts):\n        {body}\n"
        )
        made = {}
        exec("import importlib, " + module, made)
        text = config(f"[[policy]]\nkind = 'mine'\n{parameters}")
        results = barp.run(text, out=folder / "out", policies={"mine": made[module].Mine})
        return [cell["id"] for cell in results.manifest["cells"]]

    sys.modules["checks_base"] = sys.modules[__name__]
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
    with fails(RuntimeError, "2 cells failed", "mine · replicate 1", "Traceback", "in learn", "KeyError: 'no such thing'"):
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
    refuse(config("[[policy]]\nkind = 'mne'"), "<text>: [[policy]] mne: unknown policy `mne` (nearest is `mine`;", **mine)
    refuse(one + "extr = 1", "[[policy]] mine: unknown key `extr` (nearest is `extra`; known: extra)", **mine)
    refuse(one + "extra = 'x'", '`extra` must be a number like its default 0, got "x"', **mine)
    refuse(one, "the policy `knn` must have another name: that one is registered", policies={"knn": Uniform})
    refuse("name = 'x'\nreplicates = 0\n[[environment]]\n[[policy]]\nkind='knn'", "`replicates` must be at least 1, got 0")
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


def check_ctrl_c_ends_a_run():
    class Slow(Uniform):
        def learn(self, contexts, feedback):
            time.sleep(0.01)

    text = config("[[policy]]\nkind = 'mine'", top=ONLINE).replace("replicates = 2", "replicates = 500")
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    out = scratch()
    with fails(KeyboardInterrupt):
        barp.run(text, out=out, policies={"mine": Slow})
    done = sum(cell["ledger"] is not None for cell in barp.load(out).manifest["cells"])
    assert 0 < done < 500, done


def check_the_stubs_name_what_the_module_has():
    stubs = Path(barp.__file__).parent / "__init__.pyi"
    assert stubs.is_file() and (stubs.parent / "py.typed").is_file(), "the wheel carries its types"
    only_types = {"Policy", "World", "Routed"}
    for node in ast.parse(stubs.read_text()).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name not in only_types:
            real = getattr(barp, node.name)
            assert real.__doc__, f"{node.name} has no docstring"
            for part in getattr(node, "body", []) if isinstance(node, ast.ClassDef) else []:
                if isinstance(part, ast.FunctionDef):
                    assert hasattr(real, part.name), f"{node.name}.{part.name}"
            if isinstance(node, ast.FunctionDef):
                given = node.args.args + node.args.kwonlyargs
                assert [one.arg for one in given] == list(inspect.signature(real).parameters), node.name


def main():
    failed = 0
    for name, check in sorted(globals().items()):
        if name.startswith("check_"):
            start = time.perf_counter()
            try:
                check()
                print(f"ok      {name[6:]} ({time.perf_counter() - start:.1f} s)")
            except Exception:
                failed += 1
                print(f"FAILED  {name[6:]}")
                traceback.print_exc()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
