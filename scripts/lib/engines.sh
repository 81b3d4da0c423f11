# The container engines of another Debian, in a folder of their own below .build/engines. Needs say.sh, apt.sh, tools.sh, debian.sh,
# $root and root.

# What is missing in a release is left out, and its tests are skipped.
engine_packages=(docker.io docker-cli docker-buildx containerd runc podman crun skopeo buildah crane oras stargz-snapshotter
    soci-snapshotter nydus-snapshotter fuse3 curl ca-certificates)

# use_engines SUITE: makes the folder unless it is there, and sets $ENGINES_TREE.
use_engines() {
    ENGINES_TREE=$root/.build/engines/$1
    export ENGINES_TREE
    say "the engines of Debian $1 are in $ENGINES_TREE: about 1.5 GB and some minutes, once; nothing else is changed"
    use_debian "the engines of Debian $1" "$1" "$ENGINES_TREE" "" "${engine_packages[@]}"
}
