# The container engines of another Debian, in a folder of their own below .build/engines, which is entered with chroot.
# Needs say.sh, apt.sh, tools.sh, $root and root.

# What is missing in a release is left out, and its tests are skipped.
engine_packages=(docker.io docker-cli docker-buildx containerd runc podman crun skopeo buildah crane oras stargz-snapshotter
    soci-snapshotter nydus-snapshotter fuse3 curl ca-certificates)

# use_engines SUITE: makes the folder unless it is there, and sets $ENGINES_TREE.
use_engines() {
    local suite=$1 log=$root/.build/engines/$1.log stamp=$root/.build/engines/$1.complete
    ENGINES_TREE=$root/.build/engines/$suite
    export ENGINES_TREE
    if [ "$(cat "$stamp" 2>/dev/null)" = "${engine_packages[*]}" ]; then return; fi
    say "making a Debian $suite with its engines in $ENGINES_TREE: about 1.5 GB and some minutes, once; nothing else is changed"
    rm -f "$stamp"
    patiently_or_show "the engines of Debian $suite" "$log" make_engines "$suite" "$ENGINES_TREE" \
        || die "the engines of Debian $suite cannot be had (Debian's mirror, or a release of another name); all of it is in $log"
    printf '%s' "${engine_packages[*]}" >"$stamp"
}

# make_engines SUITE TREE
make_engines() {
    local suite=$1 tree=$2 package found=()
    if [ ! -e "$tree/etc/debian_version" ]; then
        rm -rf "$tree" "$tree.new"
        mkdir -p "$tree.new"
        if ! on_path debootstrap; then export DEBOOTSTRAP_DIR=$tools_home/root/usr/share/debootstrap; fi
        debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
            "$suite" "$tree.new" "$(debian_mirror)" || return 1
        # No daemon is started by its package.
        printf '#!/bin/sh\nexit 101\n' >"$tree.new/usr/sbin/policy-rc.d"
        chmod +x "$tree.new/usr/sbin/policy-rc.d"
        mv "$tree.new" "$tree"
    fi
    # The mirror may be a copy that is older than its list says it should be.
    in_tree apt-get -q -o Acquire::Check-Valid-Until=false update || return 1
    for package in "${engine_packages[@]}"; do
        if in_tree apt-cache show "$package" >/dev/null 2>&1; then found+=("$package"); fi
    done
    in_tree env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${found[@]}" || return 1
    in_tree apt-get clean
}

in_tree() {
    PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$tree" "$@"
}

# debian_mirror: where the system's own sources have Debian's packages from.
debian_mirror() {
    local uri
    # Security updates have a place of their own, where there is no whole release.
    uri=$(apt-get -o Dir::State::lists="$apt_home/lists" indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' | head -n 1)
    [ -n "$uri" ] || die "the sources in /etc/apt name no mirror of Debian"
    printf '%s' "$uri"
}
