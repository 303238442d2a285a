# %% [markdown]
# # A policy of your own, in Python
# An epsilon-greedy router in numpy beside BaRP (bandit feedback) and kNN (full labels), on the embedded benchmark and on a
# world made here. All numbers below are simulated: both worlds generate their requests.
#
#     pip install barp-*.whl && python epsilon.py [FOLDER]

# %%
import json
import sys
import tempfile
from pathlib import Path

import barp
import numpy as np


# %% [markdown]
# ## The policy
# It is called as `Epsilon(task, **parameters)` for every cell. It sees `contexts` and the outcomes of its own choices,
# nothing else, and all its randomness comes from `contexts.uniform`: the same bytes on any number of threads.

# %%
class Epsilon:
    """Quality and cost of each model by ridge regression; the best for the preference, and sometimes any other."""

    revision = 1  # raise it when code outside of this class changes the numbers
    batch = 64  # requests between two updates

    def __init__(self, task, epsilon=0.1, ridge=1.0, epochs=2):
        width, arms = task.dimension + 1, len(task.models)
        self.epsilon, self.tau = epsilon, task.tau_usd
        self.gram = np.stack([ridge * np.eye(width)] * arms)
        self.sums = np.zeros((arms, width, 2))
        self.weights = np.zeros((arms, width, 2))

    def choose(self, contexts):
        n, up = len(contexts), contexts.available
        best, draws = self.decide(contexts), contexts.uniform(2)
        count = up.sum(axis=1)
        anyone = (np.cumsum(up, axis=1) > (draws[:, 1] * count).astype(int)[:, None]).argmax(axis=1)
        arms = np.where(draws[:, 0] < self.epsilon, anyone, best)
        return arms, self.epsilon / count + (1 - self.epsilon) * (arms == best)

    def learn(self, contexts, feedback):
        x = self.inputs(contexts)
        y = np.stack([feedback.quality, np.minimum(feedback.cost / self.tau, 1)], axis=1)
        for arm in np.unique(feedback.arms):
            rows = feedback.arms == arm
            self.gram[arm] += x[rows].T @ x[rows]
            self.sums[arm] += x[rows].T @ y[rows]
        self.weights = np.linalg.solve(self.gram, self.sums)

    def decide(self, contexts):
        expected = np.einsum("nd,kdo->nko", self.inputs(contexts), self.weights)
        w_cost = contexts.preferences[:, None]
        reward = (1 - w_cost) * expected[:, :, 0] - w_cost * expected[:, :, 1]
        return np.where(contexts.available, reward, -np.inf).argmax(axis=1)

    @staticmethod
    def inputs(contexts):
        return np.hstack([np.ones((len(contexts), 1)), contexts.features])


# %% [markdown]
# ## A world
# A function of the seed alone: three kinds of prompt, each answered best by a model of its own; dearer models are better.

# %%
def kinds(seed, rows=600):
    random = np.random.default_rng(seed)
    kind = random.integers(3, size=rows)
    features = np.eye(8)[kind] + 0.3 * random.normal(size=(rows, 8))
    good = np.where(kind[:, None] == np.arange(3), 0.9, [0.1, 0.3, 0.6])
    return {
        "features": features,
        "quality": (random.random((rows, 3)) < good).astype(float),
        "cost": np.array([0.0002, 0.001, 0.01]) * random.lognormal(0, 0.3, size=(rows, 3)),
        "task": np.array(["sums", "words", "code"])[kind].tolist(),
        "models": ["small", "middle", "large"],
    }


# %% [markdown]
# ## The experiment

# %%
CONFIG = """
name = "epsilon"
about = "a policy and a world in Python beside registered ones"
replicates = 3
[[environment]]
kind = "calibrated"
rows = 800
[[environment]]
kind = "kinds"
[[policy]]
kind = "barp"
epochs = 10
[[policy]]
kind = "knn"
[[policy]]
kind = "epsilon"
epsilon = 0.2
"""
folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="barp-"))
results = barp.run(
    CONFIG, out=folder / "results", policies={"epsilon": Epsilon}, environments={"kinds": kinds}, log_decisions=True
)

summary = results.summary().to_dict()
print("mean reward over the preference grid on test prompts (simulated), 95% over 3 replicates")
for row, metric in enumerate(summary["metric"]):
    if metric == "sweep_reward" and summary["phase"][row] == "test":
        cell = {name: values[row] for name, values in summary.items()}
        interval = f"[{cell['ci_low']:.3f}, {cell['ci_high']:.3f}]"
        bought = f"{cell['outcomes']:.0f} outcomes bought"
        print(f"{cell['environment']:<12} {cell['policy']:<8} {cell['value']:.3f} {interval}  {bought}")

# %% [markdown]
# ## The same as Arrow
# pyarrow, polars, pandas and duckdb read the tables without copying.

# %%
try:
    import pyarrow

    decisions = pyarrow.table(results.decisions("kinds", "epsilon"))
    explored = decisions.group_by("phase").aggregate([("propensity", "mean"), ("cost_usd", "sum")])
    print(explored.to_pydict())
except ImportError:
    print("pyarrow is not installed: skipped")

# %% [markdown]
# ## Prompts in, models out
# Rows of your own as JSONL: a prompt, and what each model scored and cost. `barp.train` saves a router, which then reads
# text.

# %%
texts = {"sums": "add the numbers", "words": "translate the sentence", "code": "write a function"}
made = kinds(7, rows=300)
with open(folder / "rows.jsonl", "w") as file:
    for row, task in enumerate(made["task"]):
        line = {"sample_id": f"r{row}", "task": task, "prompt": f"{texts[task]} number {row}"}
        for arm, model in enumerate(made["models"]):
            line[model] = made["quality"][row, arm]
            line[f"{model}|total_cost"] = made["cost"][row, arm]
        file.write(json.dumps(line) + "\n")
(folder / "router.toml").write_text(
    f"""
name = "router"
[[environment]]
kind = "recorded"
file = {json.dumps(str(folder / "rows.jsonl"))}
[[policy]]
kind = "knn"
"""
)
barp.train(folder / "router.toml", "knn", folder / "router", licence="example")
router = barp.Router(folder / "router")
prompts = ["add the numbers 3 and 4", "translate the sentence 'guten Tag'", "write a function that sorts"]
for w_cost in (0.0, 0.5, 1.0):
    routed = router.route(prompts, w_cost)
    print(f"w_cost {w_cost}: {routed['model']}, expected quality {routed['predicted_quality'].round(2)}")
