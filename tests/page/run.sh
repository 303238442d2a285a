#!/bin/sh
# Drives the page of a result folder in headless Chromium: tests/page/run.sh DIR [SCREENSHOTS]
# DIR holds report.html, summary.csv and manifest.json. Skips, loudly and with exit code 0, where a browser or its driver
# can neither be found nor installed; PAGE_TEST=required makes that a failure.
set -eu

folder=$(cd "${1:?usage: tests/page/run.sh DIR [SCREENSHOTS]}" && pwd)
shots=${2:-}
here=$(cd "$(dirname "$0")" && pwd)

skip() {
    echo "!!!! SKIPPED: the page was NOT tested in a browser: $1" >&2
    [ "${PAGE_TEST:-}" = required ] && exit 1
    exit 0
}

browser() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" && return
    done
    return 1
}

[ -f "$folder/report.html" ] || { echo "$folder/report.html: there is no page to test" >&2; exit 1; }
command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are needed"
if ! browser >/dev/null; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || skip "no Chromium, and no right to install Debian's"
    { apt-get update && apt-get install -y --no-install-recommends chromium; } >&2 || skip "Debian's chromium could not be installed"
fi
if [ ! -d "$here/node_modules/playwright-core" ] || [ ! -d "$here/node_modules/axe-core" ]; then
    (cd "$here" && npm ci --ignore-scripts >&2) || skip "playwright-core and axe-core could not be installed"
fi

CHROMIUM=$(browser) exec node "$here/page.mjs" "$folder" ${shots:+"$shots"}
