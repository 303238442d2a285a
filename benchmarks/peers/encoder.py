"""Sentences a second of all-MiniLM-L6-v2 on one thread: ours beside onnxruntime, on the same texts, by turns, both with
tokenising. A second is one of the processor's on that thread, so that other work on the machine disturbs less. onnxruntime gets every optimisation, the reference tokenizer (itself Rust), and texts sorted by length so that
padding costs it least; each side is shown at every batch size, and the ratio is of its best pass at its best size.

Usage: encoder.py PROGRAM FILE COLUMN COUNT FOLDER REPEATS SCRATCH
PROGRAM is `benchmarks/examples/encode.rs`, FOLDER holds model.safetensors and tokenizer.json, SCRATCH takes two files."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import safetensors.numpy
import tokenizers
from onnx import TensorProto, helper, numpy_helper

LAYERS, WIDTH, HEADS = 6, 384, 12
BATCHES = (1, 8, 32)


class Graph:
    """An ONNX graph under construction."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def __call__(self, kind, *inputs, **attributes):
        out = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out


def export(weights, path):
    """Writes the encoder up to its last hidden state as f32 ONNX. Places are cut out by Slice: onnxruntime 1.32 rewrites
    Gather(table, Range) into a Slice that it then refuses."""
    g = Graph()
    w = lambda name: g.constant(name, weights[name])
    zero, one, two = (g.constant(f"i{i}", np.array([i], np.int64)) for i in range(3))
    half, unit = g.constant("half", np.float32(0.5)), g.constant("unit", np.float32(1))
    root_two, root = g.constant("sqrt2", np.float32(2**0.5)), g.constant("sqrt32", np.float32((WIDTH // HEADS) ** 0.5))
    split = g.constant("split", np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
    joined = g.constant("joined", np.array([0, 0, WIDTH], np.int64))

    def dense(x, name):
        product = g("MatMul", x, g.constant(name + ".T", weights[name + ".weight"].T.copy()))
        return g("Add", product, w(name + ".bias"))

    def norm(x, name):
        return g("LayerNormalization", x, w(name + ".weight"), w(name + ".bias"), axis=-1, epsilon=1e-12)

    def heads(x, axes):
        return g("Transpose", g("Reshape", x, split), perm=axes)

    length = g("Slice", g("Shape", "ids"), one, two, zero)
    places = g("Slice", w("embeddings.position_embeddings.weight"), zero, length, zero)
    kind = g.constant("kind", weights["embeddings.token_type_embeddings.weight"][0])
    pieces = g("Gather", w("embeddings.word_embeddings.weight"), "ids")
    x = norm(g("Add", g("Add", pieces, kind), places), "embeddings.LayerNorm")
    open_or_shut = g("Mul", g("Sub", unit, g("Cast", "mask", to=TensorProto.FLOAT)), g.constant("far", np.float32(-1e9)))
    shut = g("Unsqueeze", open_or_shut, g.constant("axes", np.array([1, 2], np.int64)))
    for layer in range(LAYERS):
        own = f"encoder.layer.{layer}."
        q = heads(dense(x, own + "attention.self.query"), [0, 2, 1, 3])
        k = heads(dense(x, own + "attention.self.key"), [0, 2, 3, 1])
        v = heads(dense(x, own + "attention.self.value"), [0, 2, 1, 3])
        scores = g("Add", g("Div", g("MatMul", q, k), root), shut)
        mixed = g("Transpose", g("MatMul", g("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
        mixed = dense(g("Reshape", mixed, joined), own + "attention.output.dense")
        x = norm(g("Add", mixed, x), own + "attention.output.LayerNorm")
        up = dense(x, own + "intermediate.dense")
        gelu = g("Mul", g("Mul", up, g("Add", g("Erf", g("Div", up, root_two)), unit)), half)
        x = norm(g("Add", dense(gelu, own + "output.dense"), x), own + "output.LayerNorm")
    g.nodes.append(helper.make_node("Identity", [x], ["hidden"]))
    whole = lambda name: helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
    out = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["batch", "length", WIDTH])
    graph = helper.make_graph(g.nodes, "minilm", [whole("ids"), whole("mask")], [out], g.constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class Peer:
    """onnxruntime on one thread."""

    def __init__(self, folder, scratch):
        model = scratch / "minilm.onnx"
        export(safetensors.numpy.load_file(folder / "model.safetensors"), model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(256)
        self.tokenizer.enable_padding()

    def encode(self, texts, batch):
        vectors = []
        for start in range(0, len(texts), batch):
            read = self.tokenizer.encode_batch(texts[start : start + batch])
            ids = np.array([one.ids for one in read], np.int64)
            mask = np.array([one.attention_mask for one in read], np.int64)
            (hidden,) = self.session.run(None, {"ids": ids, "mask": mask})
            mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
        return np.concatenate(vectors)


def main():
    program, file, column, count, folder, repeats, scratch = sys.argv[1:]
    folder, scratch = Path(folder), Path(scratch)
    own = subprocess.Popen([program, file, column, count, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def processor_seconds():
        return int(Path(f"/proc/{own.pid}/schedstat").read_text().split()[0]) / 1e9

    def ask(line):
        print(line, file=own.stdin, flush=True)
        return own.stdout.readline().strip()

    texts = json.loads(own.stdout.readline())
    peer = Peer(folder, scratch)
    assert ask(f"vectors {scratch / 'own.f32'}") == "written"
    ours = np.fromfile(scratch / "own.f32", "<f4").reshape(len(texts), WIDTH)
    theirs = peer.encode(texts, 8)
    cosine = (ours.astype(float) * theirs).sum(axis=1).min()
    seconds = {(who, batch): [] for who in ("ours", "onnxruntime") for batch in BATCHES}
    for _ in range(int(repeats)):
        for batch in BATCHES:
            start = processor_seconds()
            assert ask(str(batch)) == "done"
            seconds["ours", batch].append(processor_seconds() - start)
            start = time.process_time()
            peer.encode(texts, batch)
            seconds["onnxruntime", batch].append(time.process_time() - start)
    print(f"{len(texts)} texts of {file}, column {column}; one thread, tokenising included, best of {repeats} by turns")
    print(f"onnxruntime {onnxruntime.__version__}, numpy {np.__version__}; least cosine between the two {cosine:.9f}")
    print("sentences/s " + "".join(f"{'batch ' + str(batch):>12}" for batch in BATCHES) + f"{'best':>12}")
    best = {}
    for who in ("ours", "onnxruntime"):
        rates = [len(texts) / min(seconds[who, batch]) for batch in BATCHES]
        best[who] = max(rates)
        print(f"{who:<12}" + "".join(f"{rate:>12.1f}" for rate in rates) + f"{best[who]:>12.1f}")
    print(f"ratio ours / onnxruntime: {best['ours'] / best['onnxruntime']:.3f}")


main()
