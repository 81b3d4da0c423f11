# A Python environment of our own for the end-to-end tests, in .build/tools/venv. Needs say.sh, apt.sh and $root.

# use_venv REQUIREMENT...: makes it once and sets $python.
use_venv() {
    local venv=$root/.build/tools/venv log=$root/.build/tools/venv.log stamp
    python=$venv/bin/python
    stamp=$venv/has-$(printf '%s\n' "$@" | sort | tr '\n' '-')
    if [ -e "$stamp" ] && "$python" -c 'import sys' 2>/dev/null; then return; fi
    say "making a Python environment with $*"
    mkdir -p "$root/.build/tools"
    rm -rf "$venv"
    # Debian's python3 has no ensurepip of its own, so pip may have to come in as a wheel.
    python3 -m venv --without-pip "$venv" >"$log" 2>&1 || { tail -n 3 "$log" >&2; die "python3 -m venv failed; see $log"; }
    if python3 -c 'import ensurepip' 2>/dev/null; then
        "$python" -m ensurepip >"$log" 2>&1 || { tail -n 3 "$log" >&2; die "python3 -m ensurepip failed; see $log"; }
        pip_install "$@"
    else
        pip_wheel
        PYTHONPATH=$pip_wheel pip_install "$@"
    fi
    touch "$stamp"
}

pip_install() {
    if ! "$python" -m pip --disable-pip-version-check install --quiet "$@" >"$log" 2>&1; then
        tail -n 3 "$log" >&2
        die "cannot install $* from PyPI: it is not reached, or has no such version for this Python; all of it is in $log"
    fi
}

# Sets $pip_wheel to pip itself as a file, out of Debian's package.
pip_wheel() {
    local found
    apt_lists
    found=$(compgen -G "$root/.build/tools/root/usr/share/python-wheels/pip-*.whl" | head -n 1 || true)
    if [ -z "$found" ]; then
        download_packages python3-pip-whl
        found=$(compgen -G "$root/.build/tools/root/usr/share/python-wheels/pip-*.whl" | head -n 1 || true)
    fi
    [ -n "$found" ] || die "Debian's package python3-pip-whl holds no pip: run apt-get install python3-venv as root"
    pip_wheel=$found
}
