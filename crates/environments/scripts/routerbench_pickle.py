"""RouterBench's own pickle files (routerbench_0shot.pkl, ...) to CSV, for `barp data import`.

    python routerbench_pickle.py routerbench_0shot.pkl routerbench_0shot.csv
    barp data import routerbench_0shot.csv --out routerbench

A pickle is a program. This one may name only what pandas and numpy need to put a table of numbers and text together again
(and pyarrow, which holds the text of pandas 3); anything else is refused by its name, and nothing is run or written. What is put
together is checked before it is read: lengths and offsets in a pickle may point outside of its memory.
Needs pandas. Exit codes: 0 written, 1 refused, 2 wrong arguments.
"""

import os
import pickle
import sys
import tempfile

ALLOWED = {
    "builtins": {"bytearray", "slice"},
    "numpy": {"dtype", "ndarray"},
    "pandas": {"DataFrame", "Index", "RangeIndex", "StringDtype"},
    "pandas._libs.arrays": {"__pyx_unpickle_NDArrayBacked"},
    "pandas._libs.internals": {"_unpickle_block"},
    "pandas.arrays": {"ArrowStringArray", "StringArray"},
    "pandas.core.arrays.string_": {"StringArray", "StringDtype"},
    "pandas.core.frame": {"DataFrame"},
    "pandas.core.indexes.base": {"Index", "_new_Index"},
    "pandas.core.indexes.range": {"RangeIndex"},
    "pandas.core.internals.managers": {"BlockManager"},
    "pyarrow.lib": {"_restore_array", "py_buffer", "type_for_alias"},
} | {
    f"numpy.{core}.{module}": names
    for core in ("core", "_core")
    for module, names in {"multiarray": {"_reconstruct", "scalar"}, "numeric": {"_frombuffer"}}.items()
}


class Restricted(pickle.Unpickler):
    def find_class(self, module, name):
        if name not in ALLOWED.get(module, ()):
            raise pickle.UnpicklingError(f"the pickle names `{module}.{name}`, which no table needs")
        found = super().find_class(module, name)
        return checked(found) if name == "_restore_array" else found


def checked(restore):
    """An array of pyarrow whose offsets and lengths keep to its buffers."""

    def restored(*data):
        array = restore(*data)
        array.validate(full=True)
        return array

    return restored


def check(table):
    """Refuses a table whose blocks do not fit, or whose cells are no plain numbers, texts or objects."""
    table._mgr._verify_integrity()
    if not table.columns.is_unique:
        raise pickle.UnpicklingError("two columns have one name")
    for name, kind in table.dtypes.items():
        if getattr(kind, "names", None) is not None or kind.kind not in "OUSfiub":
            raise pickle.UnpicklingError(f"column `{name}` is of type {kind}, which no table of outcomes has")


def write(table, target):
    """Writes beside, then renames: what fails leaves nothing."""
    folder = os.path.dirname(os.path.abspath(target))
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", newline="", encoding="utf-8", delete=False) as file:
        try:
            table.to_csv(file, index=False)
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, target)


def main(arguments):
    if len(arguments) != 2:
        print("usage: routerbench_pickle.py FILE.pkl FILE.csv", file=sys.stderr)
        return 2
    source, target = arguments
    try:
        with open(source, "rb") as file:
            table = Restricted(file).load()
        if type(table).__name__ != "DataFrame":
            raise pickle.UnpicklingError(f"the pickle holds a {type(table).__name__}, not a table")
        check(table)
        write(table, target)
    except Exception as error:  # A damaged pickle can raise anything.
        print(f"error: {source}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
