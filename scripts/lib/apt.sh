# Debian packages. Package lists and downloads of ours live in .build/tools/apt, the system's are left as they are, so
# that looking up and downloading needs no root. Needs say.sh and $root.

apt_home=$root/.build/tools/apt

# apt-get with our own lists and cache and the system's sources and installed packages.
our_apt_get() {
    apt-get -o Dir::State::lists="$apt_home/lists" -o Dir::Cache="$apt_home/cache" -o Dir::Cache::pkgcache= \
        -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User= -o APT::Update::Post-Invoke= \
        -o APT::Update::Post-Invoke-Success= "$@"
}

# Fetches the package lists unless we have some of today.
apt_lists() {
    local stamp=$apt_home/updated log=$apt_home/update.log
    if [ "${1-}" != again ] && [ -n "$(find "$stamp" -mmin -1200 2>/dev/null)" ]; then return; fi
    mkdir -p "$apt_home/lists/partial" "$apt_home/cache/archives/partial"
    say "reading Debian's package lists"
    # With Error-Mode=any a source that does not answer is an error and not a warning.
    if ! our_apt_get -q -o APT::Update::Error-Mode=any update >"$log" 2>&1; then
        grep -E '^(E|W|Err)' "$log" | head -n 5 >&2
        die "cannot reach Debian's mirror (the sources in /etc/apt): packages cannot be looked up; all of it is in $log"
    fi
    touch "$stamp"
}

# install_libraries PACKAGE...: installs those that are missing, as root or through sudo.
install_libraries() {
    local package missing=() install
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || { say "libraries: all installed"; return; }
    install="apt-get install -y --no-remove --no-install-recommends ${missing[*]}"
    apt_lists
    if [ "$(id -u)" -eq 0 ]; then
        say "installing ${missing[*]}"
        install_now
    elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        say "These packages are missing: ${missing[*]}. Installing them with sudo (it may ask for your password):"
        say "    sudo $install"
        install_now sudo
    else
        say "These packages are missing: ${missing[*]}. As root, run:"
        say "    apt-get update && $install"
        exit 1
    fi
}

# install_now [sudo]: installs `missing` of install_libraries, with the lists that we have.
install_now() {
    local log=$apt_home/install.log
    if ! "$@" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dir::State::lists="$apt_home/lists" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User= \
        install -y --no-remove --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        die "installing ${missing[*]} failed (Debian's mirror, or another package in the way); all of it is in $log"
    fi
}
