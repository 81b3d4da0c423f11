# Programs that are only exercised (docker-registry, dockerd, skopeo …): from PATH, else unpacked from their Debian
# packages into .build/tools/root and started through small wrappers in .build/tools/bin. Nothing is installed.
# Needs say.sh, apt.sh and $root.

tools_home=$root/.build/tools
# Daemons and `ip` live where a plain user's PATH may not lead.
system_path=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# on_path PROGRAM...: whether all of them are on PATH, our own wrappers aside.
on_path() {
    local program
    for program in "$@"; do
        PATH=$system_path command -v "$program" >/dev/null || return 1
    done
}

# tool PACKAGE PROGRAM...: wants PACKAGE when one of the programs is missing.
tool() {
    local package=$1
    shift
    on_path "$@" || wanted+=("$package")
}

# use_tools GROUP...: provides the programs of the groups registry, skopeo, docker, compose, kubectl, podman, busybox, network,
# nginx, prometheus, valgrind, debootstrap, browser, and puts them on PATH.
use_tools() {
    local group wanted=()
    for group in "$@"; do
        case $group in
        registry) tool docker-registry docker-registry ;;
        skopeo) tool skopeo skopeo ;;
        # One release of all of them: a client alone, or a daemon without containerd, is of no use.
        docker) tool docker.io dockerd docker containerd runc ;;
        compose) tool docker-compose docker-compose ;;
        kubectl) tool kubernetes-client kubectl ;;
        podman) tool podman podman ;;
        busybox) busybox_is_static || wanted+=(busybox-static) ;;
        network) tool iproute2 ip ;;
        nginx) tool nginx-light nginx ;;
        prometheus) tool prometheus prometheus promtool ;;
        valgrind) tool valgrind valgrind ;;
        debootstrap) tool debootstrap debootstrap ;;
        # Without its windows, and what those need. Any font will do.
        browser)
            tool chromium-headless-shell chromium-headless-shell
            [ -n "$(find /usr/share/fonts -name '*.ttf' -print -quit 2>/dev/null)" ] || wanted+=(fonts-dejavu-core)
            ;;
        *) die "use_tools: no group $group" ;;
        esac
    done
    PATH=$tools_home/bin:$system_path
    export PATH
    [ "${#wanted[@]}" -gt 0 ] && unpack_packages "${wanted[@]}"
    hash -r
}

# The image of the demo holds a busybox that runs without any library.
busybox_is_static() {
    local busybox
    busybox=$(PATH=$system_path command -v busybox) || return 1
    ! ldd "$busybox" >/dev/null 2>&1
}

# unpack_packages PACKAGE...: with those of their dependencies that are not installed.
unpack_packages() {
    local stamp line package all=()
    stamp=$tools_home/unpacked-$(printf '%s\n' "$@" | sort | tr '\n' '-')
    [ ! -e "$stamp" ] || return 0
    apt_lists
    if apt-cache -o Dir::State::lists="$apt_home/lists" show docker-cli >/dev/null 2>&1; then
        [[ " $* " != *" docker.io "* ]] || set -- "$@" docker-cli
    fi
    # A line "Inst name (version …)" is a package to be installed; "Inst name [old] (new …)" only a newer one.
    while read -r line; do
        package=$(sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1=\2/p' <<<"$line")
        [ -z "$package" ] || all+=("$package")
    done < <(our_apt_get -s --no-install-recommends --no-remove install "$@" 2>/dev/null || true)
    # Some other package may be in the way of an installation, but not of unpacking.
    [ "${#all[@]}" -gt 0 ] || all=("$@")
    download_packages "${all[@]}"
    wrap_programs
    touch "$stamp"
}

download_packages() {
    local deb debs=$tools_home/debs log=$tools_home/download.log
    say "downloading for $tools_home (nothing is installed): ${*%%=*}"
    mkdir -p "$debs" "$tools_home/root"
    if ! (cd "$debs" && our_apt_get -q download "$@") >"$log" 2>&1; then
        # The mirror moved on since the lists were read.
        apt_lists again
        if ! (cd "$debs" && our_apt_get -q download "${@%%=*}") >"$log" 2>&1; then
            grep -E '^(E|W|Err)' "$log" | head -n 5 >&2
            die "cannot download from Debian's mirror: ${*%%=*}; all of it is in $log"
        fi
    fi
    for deb in "$debs"/*.deb; do
        dpkg -x "$deb" "$tools_home/root" || die "$deb cannot be unpacked"
        rm "$deb"
    done
}

# A wrapper finds the unpacked libraries, and the modules of a program in Python, beside itself, wherever the folder was moved to.
# Chromium's own is a script that would look for the program in /usr/lib.
wrap_programs() {
    local folder program wrapper
    mkdir -p "$tools_home/bin"
    for folder in bin sbin usr/bin usr/sbin usr/lib/chromium; do
        for program in "$tools_home/root/$folder"/*; do
            [ -f "$program" ] && [ -x "$program" ] || continue
            wrapper=$tools_home/bin/${program##*/}
            cat >"$wrapper.new" <<WRAPPER
#!/bin/sh
tools=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
libraries=\$tools/root/usr/lib/$(uname -m)-linux-gnu:\$tools/root/lib/$(uname -m)-linux-gnu
libraries=\$libraries:\$tools/root/usr/lib/$(uname -m)-linux-gnu/pulseaudio
export LD_LIBRARY_PATH=\$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
$(head -c 64 "$program" | grep -aqE '^#!.*python3' && echo 'export PYTHONPATH=$tools/root/usr/lib/python3/dist-packages')
exec "\$tools/root/$folder/${program##*/}" "\$@"
WRAPPER
            chmod +x "$wrapper.new"
            mv "$wrapper.new" "$wrapper"
        done
    done
}
