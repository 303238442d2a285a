"""What Python users are promised, checked on the installed wheel. No test library: `python checks.py`.

With BARP=path of the command line, its bytes and decisions are compared with ours.
"""

import sys
import time
import traceback

import check_logs
import check_policies
import check_routers
import check_runs
import check_worlds


def main():
    modules = [check_runs, check_logs, check_policies, check_worlds, check_routers]
    checks = [(name, check) for module in modules for name, check in vars(module).items() if name.startswith("check_")]
    failed = 0
    for name, check in checks:
        start = time.perf_counter()
        try:
            check()
            print(f"ok      {name[6:]} ({time.perf_counter() - start:.1f} s)")
        except Exception:
            failed += 1
            print(f"FAILED  {name[6:]}")
            traceback.print_exc()
    print(f"{len(checks) - failed} of {len(checks)} checks passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
