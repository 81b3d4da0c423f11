# Debians in folders of their own below .build, entered with chroot. Nothing else is changed. Needs say.sh, apt.sh, tools.sh,
# $root and root.

# use_debian WHAT SUITE FOLDER FROM PACKAGE...: makes FOLDER unless it is there: a minimal Debian SUITE, or a copy of the one in the
# folder FROM, with those of the packages that its release has. WHAT is what messages call it.
use_debian() {
    local what=$1 suite=$2 tree=$3 from=$4
    local log=$tree.log stamp=$tree.complete
    shift 4
    if [ "$(cat "$stamp" 2>/dev/null)" = "$*" ]; then return; fi
    rm -f "$stamp"
    patiently_or_show "$what" "$log" make_debian "$suite" "$tree" "$from" "$@" \
        || die "$what cannot be had (Debian's mirror, or a release of another name); all of it is in $log"
    printf '%s' "$*" >"$stamp"
}

make_debian() {
    local suite=$1 tree=$2 from=$3 package found=()
    shift 3
    if [ ! -e "$tree/etc/debian_version" ]; then
        rm -rf "$tree" "$tree.new"
        mkdir -p "$tree.new"
        if [ -n "$from" ]; then
            cp -a "$from/." "$tree.new" || return 1
        else
            if ! on_path debootstrap; then export DEBOOTSTRAP_DIR=$tools_home/root/usr/share/debootstrap; fi
            debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
                "$suite" "$tree.new" "$(debian_mirror)" || return 1
        fi
        # No daemon is started by its package.
        printf '#!/bin/sh\nexit 101\n' >"$tree.new/usr/sbin/policy-rc.d"
        chmod +x "$tree.new/usr/sbin/policy-rc.d"
        mv "$tree.new" "$tree"
    fi
    # The mirror may be a copy that is older than its list says it should be.
    in_tree apt-get -q -o Acquire::Check-Valid-Until=false update || return 1
    for package in "$@"; do
        if in_tree apt-cache show "$package" >/dev/null 2>&1; then found+=("$package"); fi
    done
    # It can be made anew: nothing needs to be on the disk at once.
    in_tree env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io \
        install "${found[@]}" || return 1
    in_tree apt-get clean
}

in_tree() {
    TMPDIR=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$tree" "$@"
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
