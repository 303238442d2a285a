"""Saved routers: the command line's decisions, and what is said of bad input."""

import json
import subprocess

import barp
import numpy as np
from support import BARP, config, fails, scratch


def trained(folder, policy="barp"):
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
            f"[[policy]]\nkind = '{policy}'\nepochs = 3\n",
            f"[[environment]]\nkind = 'recorded'\nfile = {json.dumps(str(folder / 'rows.jsonl'))}\n",
        )
    )
    card = barp.train(folder / "router.toml", policy, folder / "router", licence="ours")
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


def check_a_router_goes_on_learning_as_under_the_command_line():
    folder = scratch()
    file, journal = trained(folder, "lin-ucb"), folder / "journal"
    before = file.read_bytes()
    router = barp.Router(file, journal=journal, explore_floor=0.2)
    prompts = [f"add the numbers {i}" if i % 3 else f"write a poem {i}" for i in range(30)]
    ids = [f"r{i}" for i in range(30)]
    routed = router.route(prompts, 0.3, request_ids=ids, ranked=True)
    assert router.waiting == 30 and (routed["propensity"] >= 0.1 - 1e-12).all()
    assert [ranked[0] for ranked in routed["ranked"]] == routed["model"]
    assert all(sorted(ranked) == ["large", "small"] for ranked in routed["ranked"])
    for i in reversed(range(1, 30)):
        router.learn(ids[i], 0.1 * (i % 10), 0.001)
    with fails(ValueError, "request `r1`: its outcome was learnt before"):
        router.learn("r1", 1, 0.001)
    with fails(KeyError, "request `nobody` must have been routed before its outcome"):
        router.learn("nobody", 1, 0.001)
    with fails(ValueError, "request `r0`: `quality` must be in [0, 1], got 2"):
        router.learn("r0", 2, 0.001)
    with fails(ValueError, "request `r0`: the id must be new"):
        router.route(["a", "b"], 0.3, request_ids=["new", "r0"])
    assert router.waiting == 1, "a batch is routed whole or not at all"
    with fails(OSError, "another program is writing to this journal"):
        barp.Router(file, journal=journal)
    del router
    assert file.read_bytes() == before, "the file is written by save"
    router = barp.Router(file, journal=journal, explore_floor=0.2)
    assert router.waiting == 1 and router.card["learning"]["learnt"] == 29
    router.save()
    ours = file.read_bytes()
    assert ours != before and barp.Router(file).card["learning"]["learnt"] == 29
    with fails(ValueError, "must be opened with journal=PATH"):
        barp.Router(file).learn("r0", 1, 0.001)
    if not BARP:
        print("SKIPPED: the command line is absent: set BARP to its path")
        return
    file.write_bytes(before)
    lines = [json.dumps({"request_id": i, "prompt": p, "w_cost": 0.3}) for i, p in zip(ids, prompts)]
    told = [json.dumps({"request_id": ids[i], "quality": 0.1 * (i % 10), "cost_usd": 0.001}) for i in reversed(range(1, 30))]
    (folder / "lines.jsonl").write_text("\n".join(lines + told) + "\n")
    command = [BARP, "learn", str(file), "--lines", str(folder / "lines.jsonl"), "--explore-floor", "0.2"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert [json.loads(line)["model"] for line in printed.splitlines()[:30]] == routed["model"]
    assert file.read_bytes() == ours, "the bytes of the command line"


def check_draws_go_on_from_call_to_call():
    file = trained(scratch(), "lin-ucb")
    router = barp.Router(file, explore_floor=1.0)
    one_by_one = [router.route(["a prompt"], 0.3)["model"][0] for _ in range(60)]
    assert 10 < one_by_one.count("small") < 50, one_by_one
    assert barp.Router(file, explore_floor=1.0).route(["a prompt"] * 60, 0.3)["model"] == one_by_one
    assert barp.Router(file, explore_floor=1.0, seed=2).route(["a prompt"] * 60, 0.3)["model"] != one_by_one


def check_a_policy_that_cannot_go_on_learning_says_so():
    folder = scratch()
    file = trained(folder)
    with fails(ValueError, "it cannot go on learning: the policy must be one that goes on learning (lin-ucb, "):
        barp.Router(file, journal=folder / "journal")
