"""One training step of BaRP in plain numpy, as somebody would write it without this project: batch 32, h of 384 numbers,
phi 2-64-64, head 448-256-11 with ReLU, REINFORCE with the batch's mean reward and an entropy bonus, Adam. One thread."""

import time

import numpy as np

BATCH, D, P, H, K = 32, 384, 64, 256, 11
RATE, BETA = np.float32(1e-4), np.float32(0.05)
generator = np.random.default_rng(1)


def layer(inputs, outputs):
    bound = inputs**-0.5
    return [generator.uniform(-bound, bound, shape).astype(np.float32) for shape in ((inputs, outputs), (outputs,))]


parameters = layer(2, P) + layer(P, P) + layer(D + P, H) + layer(H, K)
first = [np.zeros_like(p) for p in parameters]
second = [np.zeros_like(p) for p in parameters]
features = (generator.standard_normal((BATCH, D)) * 0.05).astype(np.float32)


def step(t):
    w1, b1, w2, b2, w3, b3, w4, b4 = parameters
    w_cost = generator.random(BATCH, dtype=np.float32)
    weights = np.stack([1 - w_cost, w_cost], axis=1)
    a1 = np.maximum(weights @ w1 + b1, 0)
    a2 = np.maximum(a1 @ w2 + b2, 0)
    joined = np.concatenate([features, a2], axis=1)
    a3 = np.maximum(joined @ w3 + b3, 0)
    logits = a3 @ w4 + b4
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    pi = shifted / shifted.sum(axis=1, keepdims=True)
    arms = (pi.cumsum(axis=1) < generator.random((BATCH, 1), dtype=np.float32)).sum(axis=1).clip(0, K - 1)
    reward = (1 - w_cost) * (arms % 2) - w_cost * np.minimum(0.001 * arms / 0.008, 1)
    advantage = (reward - reward.mean()).astype(np.float32)
    log = np.log(np.maximum(pi, 1e-30))
    entropy = -(pi * log).sum(axis=1, keepdims=True)
    slope = -advantage[:, None] * (np.eye(K, dtype=np.float32)[arms] - pi) + BETA * pi * (log + entropy)
    slope /= BATCH
    g4, gb4 = a3.T @ slope, slope.sum(axis=0)
    d3 = (slope @ w4.T) * (a3 > 0)
    g3, gb3 = joined.T @ d3, d3.sum(axis=0)
    d2 = (d3 @ w3[D:].T) * (a2 > 0)
    g2, gb2 = a1.T @ d2, d2.sum(axis=0)
    d1 = (d2 @ w2.T) * (a1 > 0)
    g1, gb1 = weights.T @ d1, d1.sum(axis=0)
    for p, m, v, g in zip(parameters, first, second, (g1, gb1, g2, gb2, g3, gb3, g4, gb4)):
        m *= np.float32(0.9)
        m += np.float32(0.1) * g
        v *= np.float32(0.999)
        v += np.float32(0.001) * g * g
        p -= RATE * (m / np.float32(1 - 0.9**t)) / (np.sqrt(v / np.float32(1 - 0.999**t)) + np.float32(1e-8))


for t in range(1, 51):
    step(t)
times = []
for block in range(30):
    start = time.perf_counter()
    for t in range(50):
        step(51 + block * 50 + t)
    times.append((time.perf_counter() - start) / 50 * 1e6)
early, late = np.median(times[:6]), np.median(times[-6:])
print(f"numpy {np.__version__}, one thread, barp step, batch 32, 11 models: {early:.0f} us at first,")
print(f"{late:.0f} us once the moments of inactive units have decayed into the denormal range (ours are flushed to zero)")
