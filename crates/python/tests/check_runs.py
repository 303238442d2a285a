"""Running and reading: the same bytes on any number of threads and from the command line, Arrow, Ctrl-C, stubs."""

import ast
import inspect
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import barp
from support import BARP, ONLINE, Uniform, bytes_under, config, fails, scratch, world


def check_any_number_of_threads_gives_the_same_bytes():
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
        # Online nothing is tested after training, so no rows of test prompts are stored.
        kinds = 2 if protocol else 3
        assert len(made[0]) == kinds * 8 + 3, sorted(made[0])
        assert made[0] == made[1]


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
    assert ours.equals(pyarrow.concat_tables(logged)), "the files say whose decisions they are"
    results.summary().__arrow_c_stream__()  # a capsule that nobody reads is released by itself


def check_ctrl_c_ends_a_run():
    class Slow(Uniform):
        def learn(self, contexts, feedback):
            time.sleep(0.01)

    text = config("[[policy]]\nkind = 'mine'", top=ONLINE).replace("replicates = 2", "replicates = 500")
    # What a shell runs in the background starts deaf to interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
