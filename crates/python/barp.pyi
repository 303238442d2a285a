"""A laboratory for LLM routing: which of K language models should answer a prompt, when only the answer of the model that
was asked is ever seen, and each request says how much quality matters against cost."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypedDict

import numpy as np
import numpy.typing as npt

__version__: str

class Task:
    """Public facts before the first round."""

    @property
    def models(self) -> list[str]:
        """Names of the K models; an arm is a position in this list."""
    @property
    def dimension(self) -> int:
        """Width d of a feature row."""
    @property
    def tau_usd(self) -> float:
        """Dollars at which a call counts as fully expensive."""
    def reward(
        self, w_cost: float, quality: float, cost_usd: float, latency_s: float | None = None
    ) -> float:
        """(1 - w_cost) quality - w_cost min(cost / tau, 1), in [-1, 1]; `latency_s` is needed, and
        enters, where the experiment weighs latency."""

class Contexts:
    """What is public about n requests when the decision falls. Arrays are copies."""

    @property
    def rounds(self) -> npt.NDArray[np.uint64]:
        """n; each names one visit of a run."""
    @property
    def features(self) -> npt.NDArray[np.float32]:
        """n x d."""
    @property
    def preferences(self) -> npt.NDArray[np.float64]:
        """n; the weight on cost w_c in [0, 1], the weight on quality is 1 - w_c."""
    @property
    def list_prices(self) -> npt.NDArray[np.float64]:
        """n x K; dollars for a typical request."""
    @property
    def available(self) -> npt.NDArray[np.bool_]:
        """n x K; which models can be called, at least one in each row."""
    def uniform(self, k: int) -> npt.NDArray[np.float64]:
        """The next k numbers of each request, n x k, uniform on [0, 1): a function of seed, policy and round, the same for
        any batch size and number of threads. The only randomness a policy may use, and only in `choose`."""
    def __len__(self) -> int: ...

class Feedback:
    """Outcomes of the chosen models and of no others; a request whose outcome nobody recorded is left out."""

    @property
    def arms(self) -> npt.NDArray[np.int64]:
        """n; the models that answered."""
    @property
    def quality(self) -> npt.NDArray[np.float32]:
        """n; in [0, 1]."""
    @property
    def cost(self) -> npt.NDArray[np.float64]:
        """n; dollars of the call."""
    @property
    def latency(self) -> npt.NDArray[np.float32]:
        """n; seconds, NaN where nobody measured it."""
    def __len__(self) -> int: ...

class Policy(Protocol):
    """What a class must have to be a policy. It is called as `MyPolicy(task, **parameters)` for each cell; every parameter
    beside `task` has a plain default, and is a key of its `[[policy]]` table.

    Class attributes, or parameters of the same names: `batch` (requests between two updates, 32), `epochs` (passes over the
    training prompts, 1). Class attribute `revision`: raise it when code that the class calls changes its numbers; its own
    source, and that of its bases, is part of a cell's address by itself. A state is frozen by `copy.deepcopy`.

    The same bytes on any number of threads are promised as long as all draws come from `contexts.uniform` and no state is
    shared between objects; on another machine, numpy's own arithmetic may round otherwise.
    """

    def choose(self, contexts: Contexts) -> tuple[npt.ArrayLike, npt.ArrayLike]:
        """One model for each request (n positions), and the probability with which it was chosen (n, in (0, 1])."""
    def learn(self, contexts: Contexts, feedback: Feedback) -> None:
        """Row i of `contexts` belongs to row i of `feedback`. Late, missing and repeated rows are fine."""
    def decide(self, contexts: Contexts) -> npt.ArrayLike:
        """One model for each request, without exploring, learning or drawing."""

class World(TypedDict, total=False):
    """What a function that is an environment returns; `ids` may be left out.

    It is called as `make(seed, **parameters)`, parameters as those of a policy, and must draw from the seed alone. Every
    replicate has a table of its own; an online run draws rows from it with replacement. Whatever it makes counts as
    simulated. Models, tasks and d must be the same for every seed. Attribute `revision`: as that of a policy.
    """

    features: npt.ArrayLike
    """n x d, finite."""
    quality: npt.ArrayLike
    """n x K, in [0, 1]."""
    cost: npt.ArrayLike
    """n x K, dollars, at least 0."""
    task: Sequence[str]
    """n names."""
    models: Sequence[str]
    """K names, distinct."""
    ids: Sequence[str]
    """n names, distinct."""

class Table:
    """Named columns of equal length. `pyarrow.table(x)`, `polars.DataFrame(x)` and duckdb read them without copying."""

    @property
    def columns(self) -> list[str]: ...
    def to_dict(self) -> dict[str, list[Any]]:
        """Column name -> values, None where one is missing; needs no library."""
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __len__(self) -> int: ...

class Results:
    """What an experiment left behind."""

    @property
    def path(self) -> Path: ...
    @property
    def manifest(self) -> dict[str, Any]:
        """`manifest.json`: environments, and cells with the outcomes and dollars that each policy bought."""
    def summary(self) -> Table:
        """Means over replicates with 95% intervals."""
    def replicates(self) -> Table:
        """Every score of every replicate, labelled."""
    def decisions(self, environment: str | None = None, policy: str | None = None) -> Table:
        """Every decision with its propensity; ValueError unless it was run with `log_decisions=True`."""

class Routed(TypedDict):
    """n routed prompts."""

    model: list[str]
    arm: npt.NDArray[np.int64]
    propensity: npt.NDArray[np.float64]
    """n: the probability with which the model was chosen; 1 where nothing was drawn."""
    probabilities: npt.NDArray[np.float32]
    """n x K, in the order of `Router.models`."""
    predicted_quality: npt.NDArray[np.float64]
    """n, in [0, 1]; NaN where training bought no outcome of the chosen model."""
    predicted_cost_usd: npt.NDArray[np.float64]
    """n, dollars; NaN likewise."""
    ranked: list[list[str]]
    """n; only with `ranked=True`: the chosen model, then those that would answer if the ones before could not be called."""

class Router:
    """A saved router: decides as under `barp route`, bit for bit as in the simulator, and learns as under `barp learn`."""

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        list_prices: Mapping[str, float] | None = None,
        without: Sequence[str] = (),
        explore_floor: float | None = None,
        seed: int = 1,
        journal: str | PathLike[str] | None = None,
        join: Mapping[str, float] | None = None,
    ) -> None:
        """`list_prices` are dollars in force instead of those of training; models in `without` cannot be called.

        `explore_floor` in [0, 1] draws decisions and gives that share of the requests to any model alike; without it they are
        greedy. `seed` is the root of the draws of a router that does not learn. `journal` lets it learn: what `route` and
        `learn` are told survives a kill. `join` are new models with their list prices, met without training. ValueError: no
        whole router, an unknown model, or a policy that cannot go on learning."""
    @property
    def card(self) -> dict[str, Any]:
        """Policy, models, encoder, data, scores with intervals, licence, hashes, what it learnt since training."""
    @property
    def models(self) -> list[str]: ...
    @property
    def waiting(self) -> int:
        """Requests that wait for their outcome."""
    def route(
        self,
        prompts: Sequence[str] | npt.ArrayLike,
        w_cost: float | npt.ArrayLike,
        *,
        request_ids: Sequence[str] | None = None,
        ranked: bool = False,
    ) -> Routed:
        """A model for each of n texts, or n embeddings (n x d); `w_cost` in [0, 1], one number or n.

        `request_ids` (n) name the requests for `learn`."""
    def learn(self, request_id: str, quality: float, dollars: float, *, seconds: float | None = None) -> None:
        """Learns what came of a routed request: late, in any order, once. On the disk when it returns.

        KeyError: no request with that id waits. ValueError: learnt before, or a number out of range."""
    def save(self) -> None:
        """Puts what was learnt into the router's file, and shortens the journal."""

def run(
    config: str | PathLike[str],
    out: str | PathLike[str] | None = None,
    *,
    threads: int = 0,
    policies: Mapping[str, Callable[..., Policy]] | None = None,
    environments: Mapping[str, Callable[..., World]] | None = None,
    log_decisions: bool = False,
) -> Results:
    """Computes the cells that `out` (else results/NAME) does not hold yet, and writes the summary: the bytes of `barp run`.

    `config` is the path of a TOML file, or TOML itself (a text with a line break). `policies` and `environments` may be
    named as kinds in it. ValueError: it cannot run. RuntimeError: cells failed, with their tracebacks. KeyboardInterrupt:
    once the cells in flight are done."""

def load(folder: str | PathLike[str]) -> Results:
    """The results in a folder."""

def train(
    config: str | PathLike[str],
    policy: str,
    out: str | PathLike[str],
    *,
    environment: str | None = None,
    encoder: str | None = None,
    licence: str = "not stated",
) -> dict[str, Any]:
    """Trains the policy with that label and saves it as a router, as `barp train` does; returns its card."""

def ope(
    log: str | PathLike[str],
    *,
    policies: Sequence[str] | None = None,
    routers: Sequence[str | PathLike[str]] = (),
    w_cost: Sequence[float] = (),
    greedy: bool = False,
    columns: Mapping[str, str] | None = None,
    propensities: str = "logged",
    cluster: str = "prompt",
) -> list[dict[str, Any]]:
    """What policies by task and routers would have earned on a log, as `barp log ope --json` prints it."""

def decide(
    log: str | PathLike[str],
    *,
    routers: Sequence[str | PathLike[str]] = (),
    w_cost: float | None = None,
    quality_at_least: float | None = None,
    dollars_at_most: float | None = None,
    incumbent: str | None = None,
    margin: float = 0.02,
    greedy: bool = False,
    columns: Mapping[str, str] | None = None,
    propensities: str = "logged",
    cluster: str = "prompt",
) -> dict[str, Any]:
    """Switch, don't switch, or what log would decide it, as `barp log decide --json` prints it."""
