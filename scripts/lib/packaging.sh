# What the tests of containers need: a Debian to run in, in a folder below .build/debian. Needs say.sh, apt.sh, tools.sh,
# debian.sh, $root and root.

# can_package: whether this is a root that may mount, on a Debian.
can_package() {
    [ "$(id -u)" -eq 0 ] && unshare --mount --propagation private true 2>/dev/null && grep -q '^ID=debian$' /etc/os-release
}

# use_packaging: makes the folder unless it is there, and sets $PACKAGING_TREES.
use_packaging() {
    local suite
    suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    PACKAGING_TREES=$root/.build/debian
    export PACKAGING_TREES
    use_debian "a Debian to run in" "$suite" "$PACKAGING_TREES/base" "" ca-certificates libssl3 zlib1g
}
