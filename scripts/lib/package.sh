# What a release consists of. Needs say.sh and $root. The same program gives the same files, octet for octet.

# make_packages PROGRAM FOLDER
make_packages() {
    local program=$1 target=$2 work version machine architecture
    version=$(sed -n 's/.*static let number = "\(.*\)"$/\1/p' "$root/Sources/Tools/Version.swift")
    "$program" --version | grep -qx "registry-ndn $version" \
        || die "$program is not version $version, which this checkout is: build it anew"
    machine=$(uname -m)
    architecture=$(dpkg --print-architecture)
    # Of the commit, so that it does not depend on when packages are made.
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(commit_time)}
    export SOURCE_DATE_EPOCH
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    # Whatever the umask of whoever calls is: what is packed is for everybody.
    umask 022

    install_tree "$program" "$work/root"
    make_archive "$work/root" "$target" "registry-ndn-$version-linux-$machine"
    make_deb "$work/root" "$target/registry-ndn_${version}_$architecture.deb"
    make_source "$target" "registry-ndn-$version"
    (cd "$target" && sha256sum -- "registry-ndn_${version}_$architecture.deb" "registry-ndn-$version"*.tar.gz >SHA256SUMS)
    (cd "$target" && ls -l -- "registry-ndn_${version}_$architecture.deb" "registry-ndn-$version"*.tar.gz SHA256SUMS) \
        | awk '{ printf "%10d  %s\n", $5, $NF }' >&2
}

# install_tree PROGRAM TREE: all files at the places where a package has them.
install_tree() {
    local program=$1 tree=$2 unit name
    install -D -m 0755 "$program" "$tree/usr/bin/registry-ndn"
    # A program of a debug build is not small, but it is stripped as one of a release is.
    if command -v strip >/dev/null; then strip --strip-unneeded "$tree/usr/bin/registry-ndn"; fi
    mkdir -p "$tree/usr/share/man/man1" "$tree/usr/share/doc/registry-ndn"
    python3 "$root/scripts/lib/manual.py" "$program" "$tree/usr/share/man/man1" "$version" \
        "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)"
    for name in bash:bash-completion/completions/registry-ndn zsh:zsh/vendor-completions/_registry-ndn \
        fish:fish/vendor_completions.d/registry-ndn.fish; do
        mkdir -p "$tree/usr/share/$(dirname "${name#*:}")"
        # Read by a shell, and not run as a program.
        "$program" --generate-completion-script "${name%%:*}" | sed '1{/^#!/d}' >"$tree/usr/share/${name#*:}"
    done
    for unit in client server forwarder; do
        install -D -m 0644 "$root/scripts/debian/registry-ndn-$unit.service" \
            "$tree/lib/systemd/system/registry-ndn-$unit.service"
        # The services' user reads them: they are no place for secrets.
        install -D -m 0644 "$root/scripts/debian/$unit.toml" "$tree/etc/registry-ndn/$unit.toml"
    done
}

# make_deb TREE FILE
make_deb() {
    local tree=$1 file=$2 document=$1/usr/share/doc/registry-ndn maintainer
    maintainer=$(maintainer)
    gzip -9n "$tree"/usr/share/man/man1/*.1
    gzip -9nc "$root/CHANGELOG.md" >"$document/CHANGELOG.md.gz"
    install -m 0644 "$root/README.md" "$document/README.md"
    printf 'registry-ndn (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- %s  %s\n' "$version" "$maintainer" \
        "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9nc >"$document/changelog.gz"
    awk 'NR == FNR { text = text (NF ? " " $0 : " .") "\n"; next } /^@LICENSE@$/ { printf "%s", text; next } { print }' \
        <(tail -n +3 "$root/LICENSE") "$root/scripts/debian/copyright" >"$document/copyright"
    install -D -m 0644 "$root/scripts/debian/lintian-overrides" "$tree/usr/share/lintian/overrides/registry-ndn"
    mkdir "$tree/DEBIAN"
    install -m 0755 "$root"/scripts/debian/{postinst,prerm,postrm} "$tree/DEBIAN"
    install -m 0644 "$root/scripts/debian/conffiles" "$tree/DEBIAN"
    (cd "$tree" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@MAINTAINER@/$maintainer/" \
        -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$tree" | cut -f1)/" "$root/scripts/debian/control" >"$tree/DEBIAN/control"
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$file" >/dev/null
    rm -r "$tree/DEBIAN"
}

# maintainer: who answers for the package.
maintainer() {
    local name=${DEBFULLNAME-} address=${DEBEMAIL-}
    [ -n "$name" ] || name=$(git -C "$root" config user.name || true)
    [ -n "$address" ] || address=$(git -C "$root" config user.email || true)
    printf '%s <%s>' "${name:-nobody in particular}" "${address:-nobody@localhost}"
}

# make_archive TREE FOLDER NAME: the same files without Debian's, to be unpacked anywhere.
make_archive() {
    local tree=$1 folder=$2 name=$3
    mkdir -p "$work/$name/man" "$work/$name/completions" "$work/$name/systemd"
    cp "$tree/usr/bin/registry-ndn" "$root/README.md" "$root/LICENSE" "$root/CHANGELOG.md" "$work/$name"
    cp "$tree"/usr/share/man/man1/* "$work/$name/man"
    cp "$tree/usr/share/bash-completion/completions/registry-ndn" "$work/$name/completions/registry-ndn.bash"
    cp "$tree/usr/share/zsh/vendor-completions/_registry-ndn" "$tree/usr/share/fish/vendor_completions.d/registry-ndn.fish" \
        "$work/$name/completions"
    cp "$tree"/lib/systemd/system/*.service "$tree"/etc/registry-ndn/*.toml "$work/$name/systemd"
    chmod 0644 "$work/$name"/systemd/*
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -c "$name" \
        | gzip -9n >"$folder/$name.tar.gz"
}

# commit_time: seconds since 1970. A source archive has it as the time of its files.
commit_time() {
    if is_checkout; then git -C "$root" log -1 --format=%ct; else stat --format=%Y "$root/.commit"; fi
}

# is_checkout: whether this is one of git. A source archive may be unpacked within another's.
is_checkout() {
    [ -e "$root/.git" ]
}

# make_source FOLDER NAME: what is committed.
make_source() {
    if ! is_checkout; then
        say "no source archive: this is one, and no checkout of git"
        return
    fi
    [ -z "$(git -C "$root" status --porcelain)" ] || say "the source archive holds what is committed; there are changes beside"
    git -C "$root" archive --format=tar --prefix="$2/" HEAD | gzip -9n >"$1/$2.tar.gz"
}
