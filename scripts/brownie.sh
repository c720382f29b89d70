#!/bin/sh
# Brownie end to end: compile, its own tests, and every flow through `brownie run`.
# Brownie imports a script by its dotted path from the filesystem's root, so a folder with a dot in
# its name on the way there breaks it; then all of this happens behind a link without one.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
case "$here" in
*.*)
    # TMPDIR may hold a dot itself, so the link goes into /tmp.
    link=/tmp/careledger-brownie-$$
    ln -s "$here" "$link"
    trap 'rm -f "$link"' EXIT
    trap 'exit 130' INT TERM
    cd "$link"
    ;;
esac
brownie=.venv/bin/brownie
echo "== brownie compile"
$brownie compile
echo "== brownie test"
$brownie test "$@"
for script in scripts/*.py; do
    echo "== brownie run $script"
    $brownie run "$script"
done
