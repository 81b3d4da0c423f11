# What the tests of containers and packages need: a Debian as the program is installed in, one that looks at packages, and one to build
# in, in folders below .build/debian. Needs say.sh, apt.sh, tools.sh, debian.sh, $root and root.

# can_package: whether this is a root that may mount, on a Debian.
can_package() {
    [ "$(id -u)" -eq 0 ] && unshare --mount --propagation private true 2>/dev/null && grep -q '^ID=debian$' /etc/os-release
}

# use_packaging: makes the folders unless they are there, and sets $PACKAGING_TREES.
use_packaging() {
    local suite
    suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    PACKAGING_TREES=$root/.build/debian
    export PACKAGING_TREES
    use_debian "a Debian to run in" "$suite" "$PACKAGING_TREES/base" "" ca-certificates libssl3 zlib1g
    use_debian "a Debian that checks packages" "$suite" "$PACKAGING_TREES/checks" "$PACKAGING_TREES/base" lintian systemd
}

# use_builder: beside these a Debian with what an image of Swift has, Swift aside.
use_builder() {
    use_debian "a Debian to build in" "$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")" "$PACKAGING_TREES/builder" \
        "$PACKAGING_TREES/base" binutils g++ git libcurl4-openssl-dev libedit-dev libncurses-dev libpython3-dev libsqlite3-dev \
        libxml2-dev pkg-config tzdata uuid-dev
}
