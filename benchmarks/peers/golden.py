"""Golden vectors for tests/it/golden.rs: what other programs make of seeded inputs, one JSON file for each of them.

rliable, morl-baselines, scipy and statsmodels are called. Two files are written from published definitions with numpy alone:
routerbench.json from the algorithm of RouterBench's evaluation/AIQ.py (every pair of settings is interpolated, then what falls
is dropped) and from its formula, definitions.json from the papers named beside each metric in crates/metrics/src/field.
"""

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy.stats
from morl_baselines.common.performance_indicators import expected_utility, hypervolume, maximum_utility_loss
from rliable import library
from rliable import metrics as rliable_metrics
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

warnings.simplefilter("ignore")


def listed(value):
    """`value` as JSON has it: NaN and infinity are null."""
    if isinstance(value, dict):
        return {key: listed(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [listed(one) for one in value]
    if isinstance(value, (np.integer, int)) and not isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str):
        return value
    return float(value) if np.isfinite(value) else None


def settings(random, count, rising=False):
    """Settings of a dial: dollars and qualities, some of them dominated."""
    dollars = np.sort(random.uniform(1e-4, 5e-3, count))
    quality = np.clip(0.3 + 90 * dollars + random.normal(0, 0.06, count), 0.01, 0.99)
    return np.column_stack([dollars, np.sort(quality) if rising else quality])


# --- RouterBench ------------------------------------------------------------------------------------------------------


def nondecreasing_hull(points):
    """At each setting the highest line between two others, or itself; then settings below their left neighbour go."""
    points = points[points[:, 0].argsort()]
    heights = []
    for x, y in points:
        spans = [(a, b) for a in points for b in points if a[0] < x < b[0]]
        heights.append(max([y] + [np.interp(x, [a[0], b[0]], [a[1], b[1]]) for a, b in spans]))
    kept = [(points[0, 0], heights[0])]
    for place in range(1, len(points)):
        if heights[place] >= heights[place - 1]:
            kept.append((points[place, 0], heights[place]))
    return np.array(kept)


def aiq_code(points, common):
    hull = nondecreasing_hull(points)
    hull = np.vstack([hull, [common, hull[-1, 1]]])
    return np.trapezoid(hull[:, 1], hull[:, 0]) / common


def aiq_formula(points):
    hull = nondecreasing_hull(points)
    low, high = points[:, 0].min(), points[:, 0].max()
    hull = np.vstack([hull, [high, hull[-1, 1]]])
    return np.trapezoid(hull[:, 1], hull[:, 0]) / (high - low)


def zero_router_gain(router, singles):
    """By a fine grid that holds every corner, so that trapezoids are exact."""
    hulls = [nondecreasing_hull(router), nondecreasing_hull(singles)]
    low = max(router[:, 0].min(), singles[:, 0].min())
    high = max(router[:, 0].max(), singles[:, 0].max())
    grid = np.unique(np.concatenate([h[:, 0] for h in hulls] + [[low, high]]))
    grid = grid[(grid >= low) & (grid <= high)]
    heights = [np.interp(grid, h[:, 0], h[:, 1]) for h in hulls]
    return np.trapezoid(heights[0] - heights[1], grid) / (high - low)


def iso_quality_saving(a, b, quality):
    costs = []
    for points in (a, b):
        hull = nondecreasing_hull(points)
        rising = np.concatenate([[True], np.diff(hull[:, 1]) > 0])
        hull = hull[rising]
        if hull[-1, 1] < quality:
            return None
        costs.append(np.interp(quality, hull[:, 1], hull[:, 0]))
    return 1 - costs[0] / costs[1]


def routerbench(random):
    cases = []
    for count in [3, 4, 5, 7, 9, 12] * 4:
        router, singles = settings(random, count), settings(random, 5)
        quality = singles[:, 1].max()
        common = max(router[:, 0].max(), singles[:, 0].max())
        cases.append({
            "router": router[random.permutation(count)],
            "singles": singles,
            "aiq": aiq_formula(router),
            "common": common,
            "aiq_routerbench": aiq_code(router, common),
            "zero_router_gain": zero_router_gain(router, singles),
            "iso_quality_saving": iso_quality_saving(router, singles, quality),
        })
    return cases


# --- morl-baselines ---------------------------------------------------------------------------------------------------


def morl(random):
    cases = []
    for count in [1, 2, 5, 8, 11] * 4:
        front = np.column_stack([random.uniform(0, 1, count), random.uniform(0, 1, count)])
        others = np.column_stack([random.uniform(0, 1, 4), random.uniform(0, 1, 4)])
        reference = np.array([random.uniform(0.5, 1.0), random.uniform(0, 0.3)])
        weights = np.linspace(0, 1, 6)
        vectors = lambda points: [np.array([quality, -cost]) for cost, quality in points]
        pairs = [np.array([1 - w, w]) for w in weights]
        cases.append({
            "front": front,
            "others": others,
            "reference": reference,
            "weights": weights,
            "hypervolume": hypervolume(np.array([reference[1], -reference[0]]), vectors(front)),
            "expected_utility": expected_utility(vectors(front), pairs),
            "maximum_utility_loss": maximum_utility_loss(vectors(front), vectors(others), pairs),
        })
    return cases


# --- rliable ----------------------------------------------------------------------------------------------------------


def robust(random):
    cases = []
    for runs, tasks in [(1, 5), (3, 1), (5, 7), (20, 4), (10, 26)]:
        scores = random.normal(0.6, 0.3, (runs, tasks))
        case = {
            "scores": scores,
            "target": 0.9,
            "interquartile_mean": rliable_metrics.aggregate_iqm(scores),
            "optimality_gap": rliable_metrics.aggregate_optimality_gap(scores, 0.9),
            "task_mean": rliable_metrics.aggregate_mean(scores),
        }
        if runs > 1:
            # The statistics of its own resamples, and the interval it makes of the same ones. It draws from numpy's global
            # generator, whatever `random_state` it is given.
            np.random.seed(7)
            drawn = library.StratifiedBootstrap(scores)
            values = [rliable_metrics.aggregate_iqm(data[0][0]) for data in drawn.bootstrap(200)]
            np.random.seed(7)
            _, ends = library.get_interval_estimates(
                {"x": scores}, lambda x: np.array([rliable_metrics.aggregate_iqm(x)]), reps=200)
            case["resampled"], case["percentile_ends"] = values, ends["x"].ravel()
        cases.append(case)
    return cases


# --- scipy ------------------------------------------------------------------------------------------------------------


def students():
    t = scipy.stats.t
    grid = [(x, v) for x in [-7.5, -2.1, -0.3, 0.0, 0.8, 1.96, 4.0, 12.5] for v in [1, 2, 4, 9.5, 30, 400]]
    return [{"t": x, "freedom": v, "cdf": t.cdf(x, v), "two_sided_p": 2 * t.sf(abs(x), v)} for x, v in grid]


def normals():
    norm = scipy.stats.norm
    return [{"z": z, "cdf": norm.cdf(z), "probability": p, "quantile": norm.ppf(p)}
            for z, p in zip([-6, -1.3, 0, 0.5, 3.2], [1e-9, 0.013, 0.5, 0.84, 0.99999])]


def bootstraps(random):
    cases = []
    for sizes in [(12,), (30,), (9, 14), (20, 6, 11)]:
        strata = [random.gamma(2.0, 0.3, size) for size in sizes]

        def statistic(*data, axis=-1):
            return sum(np.mean(one, axis=axis) for one in data) / len(data)

        made = scipy.stats.bootstrap(strata, statistic, n_resamples=300, method="BCa", rng=np.random.default_rng(3))
        estimate = statistic(*strata)
        jackknife = [[statistic(*strata[:k], np.delete(own, i), *strata[k + 1:]) for i in range(len(own))]
                     for k, own in enumerate(strata)]
        cases.append({
            "estimate": estimate,
            "resampled": made.bootstrap_distribution,
            "jackknife": jackknife,
            "bca_ends": list(made.confidence_interval),
        })
    return cases


# --- statsmodels ------------------------------------------------------------------------------------------------------


def adjusted(random):
    cases = []
    for count in [1, 2, 5, 12, 40]:
        p = np.round(random.beta(0.4, 2.0, count), 6)
        p[-1] = p[0]
        cases.append({
            "p_values": p,
            "holm": multipletests(p, method="holm")[1],
            "benjamini_hochberg": multipletests(p, method="fdr_bh")[1],
        })
    return cases


def powers():
    made = TTestPower()
    cases = [{"standardised": d, "pairs": n, "power": made.power(d, n, 0.05)}
             for d in [0.1, 0.5, 1.0, 2.5] for n in [2, 3, 5, 20, 100, 500]]
    # Where the noncentrality is large scipy's law gives no number.
    cases = [case for case in cases if np.isfinite(case["power"])]
    needed = [{"standardised": d, "pairs": int(np.ceil(made.solve_power(d, alpha=0.05, power=0.8) - 1e-9))}
              for d in [0.05, 0.2, 0.5, 0.8, 1.5]]
    return {"powers": cases, "needed": needed}


# --- definitions ------------------------------------------------------------------------------------------------------


def undominated(points):
    kept = [p for p in points if not any(
        (q[0] <= p[0] and q[1] >= p[1]) and (q[0] < p[0] or q[1] > p[1]) for q in points)]
    return np.array(sorted(map(tuple, kept)))


def beside_singles(random):
    cases = []
    for count in [2, 3, 6, 10] * 5:
        router, singles = settings(random, count), settings(random, 6)
        best = singles[singles[:, 1].argmax()]
        front = undominated(router)
        as_good = router[router[:, 1] >= best[1]]
        line = np.vstack([front, [best[0], router[-1, 1]]])
        line = line[line[:, 0].argsort(kind="stable")]
        frontier = undominated(np.vstack([router, singles]))
        scale = singles[:, 0].max()
        distance = lambda p: np.sqrt(((frontier[:, 0] - p[0]) / scale) ** 2 + (frontier[:, 1] - p[1]) ** 2).min()
        reached = front[-1, 1] >= best[1]
        cases.append({
            "router": router,
            "singles": singles,
            "qnc": np.interp(best[1], front[:, 1], front[:, 0]) / best[0] if reached else None,
            "qnc_orbit": as_good[:, 0].min() / best[0] if len(as_good) else None,
            "nauc_orbit": np.trapezoid(line[:, 1], line[:, 0] / line[:, 0].max()),
            "perf_gain": router[:, 1].max() / best[1] - 1,
            "cost_save": (1 - as_good[:, 0] / best[0]).max() if len(as_good) else None,
            "scale": scale,
            "pareto_dist": np.mean([distance(p) for p in router]),
            "vb": router[0, 1] / best[1],
            "vb_of": router[0, 1],
        })
    return cases


def two_models(random):
    cases = []
    for count in [2, 4, 5, 8, 10, 11, 14] * 3:
        strong = np.sort(random.uniform(0.02, 0.98, count))
        weak_q, strong_q = 0.42, 0.81
        quality = weak_q + (strong_q - weak_q) * (strong ** 0.6 + random.normal(0, 0.08, count))
        pgr = (quality - weak_q) / (strong_q - weak_q)
        case = {"strong": strong, "quality": quality, "weak_quality": weak_q, "strong_quality": strong_q, "pgr": pgr}
        case["apgr"] = np.trapezoid(np.concatenate([[0], pgr, [1]]), np.concatenate([[0], strong, [1]]))
        area = lambda y: np.trapezoid(y, strong)
        case["apgr_routellm"] = ((area(quality) - area(np.full(count, weak_q)))
                                 / (area(np.full(count, strong_q)) - area(np.full(count, weak_q))))
        for target in (50, 80):
            reaching = strong[np.maximum.accumulate(pgr) >= target / 100]
            case[f"cpt_{target}"] = reaching[0] if len(reaching) else None
            case[f"cpt_{target}_routellm"] = np.interp(target / 100 * (strong_q - weak_q) + weak_q, quality, strong)
        cases.append(case)
    return cases


def by_prompt(random):
    cases = []
    for prompts, models in [(1, 2), (40, 3), (200, 6)]:
        scores = random.randint(0, 2, (prompts, models)).astype(float)
        chosen, dearest = random.randint(0, models, prompts), models - 1
        probabilities = random.dirichlet(np.full(models, 0.5), prompts)
        probabilities[0] = np.eye(models)[0]
        confidence = random.uniform(0, 1, prompts)
        quality = scores[np.arange(prompts), chosen]
        rows = []
        for row, arm in zip(scores, chosen):
            best = set(np.flatnonzero(row == row.max()))
            rows.append(not ((arm in best and arm != dearest) or (best == {dearest} and arm == dearest)))
        order = np.argsort(-confidence)
        risks = np.cumsum(1 - quality[order]) / np.arange(1, prompts + 1)
        entropy = scipy.stats.entropy(probabilities, base=2, axis=1)
        cases.append({
            "scores": scores, "chosen": chosen, "dearest": dearest, "rci": np.mean(rows),
            "probabilities": probabilities, "ep": entropy.mean(), "mu": quality.mean(),
            "confidence": confidence, "quality": quality, "brier": np.mean((confidence - quality) ** 2),
            "risks": risks, "aurc": risks.mean(),
        })
    return cases


def arenas():
    cases = []
    for accuracy in [0.0, 0.31, 0.7396, 0.95]:
        for per_thousand in [0.0044, 0.05, 1.3, 10.02, 150.0]:
            c = np.log2(200 / per_thousand) / np.log2(200 / 0.0044)
            score = 100 / ((1 / accuracy + 0.1 / c) / 1.1) if accuracy > 0 else 0.0
            cases.append({"accuracy": accuracy, "dollars": per_thousand / 1000, "score": score})
    return cases


def dials(random):
    made = []
    for count in [2, 3, 7, 11]:
        values = random.uniform(0, 1, count)
        change = np.diff(values)
        falls, rises = -change[change < 0].sum(), change[change > 0].sum()
        made.append({"values": values, "monotonicity": (falls - rises) / (falls + rises)})
    return made


def main(folder):
    seeded = lambda number: np.random.RandomState(number)
    files = {
        "routerbench": (["numpy"], {"dials": routerbench(seeded(1))}),
        "morl_baselines": (["morl-baselines", "pymoo", "moocore", "numpy"], {"fronts": morl(seeded(2))}),
        "rliable": (["rliable", "arch", "scipy", "numpy"], {"scores": robust(seeded(3))}),
        "scipy": (["scipy", "numpy"], {"students": students(), "normals": normals(), "bootstraps": bootstraps(seeded(4))}),
        "statsmodels": (["statsmodels", "scipy", "numpy"], {"adjusted": adjusted(seeded(5)), **powers()}),
        "definitions": (["numpy", "scipy"], {
            "beside_singles": beside_singles(seeded(6)), "two_models": two_models(seeded(8)),
            "by_prompt": by_prompt(seeded(9)), "arenas": arenas(), "dials": dials(seeded(10))}),
    }
    for name, (packages, cases) in files.items():
        versions = {package: version(package) for package in packages}
        text = json.dumps({"made_by": "benchmarks/peers/golden", "versions": versions, **listed(cases)}, allow_nan=False)
        (Path(folder) / f"{name}.json").write_text(text.replace("}, {", "},\n {") + "\n")
        print(f"{name}.json: {versions}")


main(sys.argv[1])
