#!/bin/sh
# hosts.sh FOLDER: tells containerd, whose folder of hosts.toml files FOLDER is, to ask the client of this node first for images of the
# hosts that DOCKER_NDN_MIRROR names. What it wrote for others before is removed; what somebody else wrote is never touched.
set -euf

folder=$1
mark="# Written by registry-ndn, which replaces this file and removes it: docs/kubernetes.md."
# The first address; behind = there may be the registry that it is for.
set -- ${DOCKER_NDN_LISTEN:-127.0.0.1:5000}
url=http://${1%%=*}

die() {
    echo "$*" >&2
    exit 1
}

# of_ours FILE: whether the file is one that this script wrote.
of_ours() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -n 1 "$1")" = "$mark" ]
}

# has_certificates FOLDER: whether Docker's certificates lie there, which containerd reads only where no hosts.toml is.
has_certificates() {
    [ -n "$(find "$1" -maxdepth 1 \( -name '*.crt' -o -name '*.cert' -o -name '*.key' \) 2>/dev/null)" ]
}

hosts=
for mirror in ${DOCKER_NDN_MIRROR:-}; do
    for host in $(printf '%s' "${mirror%%=*}" | tr + ' '); do
        # The name by which containerd looks for Docker Hub.
        case $host in index.docker.io | registry-1.docker.io) host=docker.io ;; esac
        # It becomes a folder's name.
        printf '%s\n' "$host" | grep -Eqx '[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?' ||
            die "DOCKER_NDN_MIRROR: \"$host\" is no name of a host, as quay.io or registry.example:5000"
        hosts="$hosts $host"
    done
done

# All is looked at before anything is written.
for host in $hosts; do
    file=$folder/$host/hosts.toml
    if [ -e "$file" ] || [ -L "$file" ]; then
        of_ours "$file" ||
            die "certs.d/$host/hosts.toml on this node is somebody else's: move it away, or take $host out of DOCKER_NDN_MIRROR"
    elif has_certificates "$folder/$host"; then
        die "certs.d/$host on this node has certificates, which containerd reads only without a hosts.toml: write certs.d/$host/hosts.toml by hand, with ca or client and with $url as a host, and take $host out of DOCKER_NDN_MIRROR here"
    fi
done

for host in $hosts; do
    mkdir -p "$folder/$host"
    new=$folder/$host/.hosts.toml.registry-ndn
    # Without "server" containerd goes on to the registry itself where the client does not answer.
    printf '%s\n\n[host."%s"]\n  capabilities = ["pull", "resolve"]\n' "$mark" "$url" >"$new"
    chmod 0644 "$new"
    mv "$new" "$folder/$host/hosts.toml"
    echo "containerd asks $url first for images of $host"
done

find "$folder" -mindepth 2 -maxdepth 2 -name hosts.toml | while read -r file; do
    host=$(basename "$(dirname "$file")")
    case " $hosts " in *" $host "*) continue ;; esac
    of_ours "$file" || continue
    rm -f "$file" "$folder/$host/.hosts.toml.registry-ndn"
    rmdir "$folder/$host" 2>/dev/null || true
    echo "containerd asks for images of $host as it did before"
done

[ -n "$hosts" ] || echo "DOCKER_NDN_MIRROR names no registry: containerd asks the client for nothing"
