#!/bin/sh
# Brownie end to end: compile, its own tests, and every flow through `brownie run`.
# Brownie imports a script by its dotted path from the filesystem's root, links resolved, so a folder
# with a dot in its name on the way there breaks it; then all of this happens in a copy elsewhere,
# which shares what is built and installed.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
case "$here" in
*.*)
    copy=$(mktemp -d /tmp/careledger-brownie-XXXXXX) # not in TMPDIR, which may hold a dot itself
    trap 'rm -rf "$copy"' EXIT
    trap 'exit 130' INT TERM
    mkdir -p "$here/build" "$copy/tests"
    cp -R brownie-config.yaml careledger contracts examples scripts "$copy/"
    cp -R tests/brownie "$copy/tests/"
    ln -s "$here/build" "$here/node_modules" "$copy/"
    cd "$copy"
    ;;
esac
brownie=$here/.venv/bin/brownie
echo "== brownie compile"
$brownie compile
echo "== brownie test"
$brownie test "$@"
for script in scripts/*.py; do
    echo "== brownie run $script"
    $brownie run "$script"
done
