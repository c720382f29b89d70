#!/bin/sh
# Makes sure that there is a Chromium for the tests in which a browser makes a passkey; installs Debian's where it may.
set -eu
fail() { echo "interop: $1" >&2; exit 1; }

[ -z "${CARELEDGER_CHROMIUM:-}" ] || { [ -x "$CARELEDGER_CHROMIUM" ] && exit 0; fail "CARELEDGER_CHROMIUM names $CARELEDGER_CHROMIUM, which is no program"; }
command -v chromium >/dev/null 2>&1 && exit 0
HINT="install Debian's package (apt install chromium), or name another Chromium's program in CARELEDGER_CHROMIUM"
command -v apt-get >/dev/null 2>&1 || fail "Chromium is missing, and there is no apt-get to install it with; $HINT"
AS=
[ "$(id -u)" -eq 0 ] || { sudo -n true 2>/dev/null && AS="sudo -n"; } || fail "Chromium is missing, and only root may install it; $HINT"
echo "interop: installing Chromium (Debian's package)"
{ $AS apt-get -qq update && DEBIAN_FRONTEND=noninteractive $AS apt-get -qq install --yes --no-install-recommends chromium >/dev/null; } ||
    fail "Chromium is missing, and apt-get could not install it; $HINT"
