# Building with Swift. Needs say.sh and $root.

# swift_package COMMAND...: `swift` with a folder of ours for what it leaves behind when it has ended.
swift_package() {
    mkdir -p "$root/.build/tmp"
    TMPDIR=$root/.build/tmp swift "$@"
}

# swift_resolve: fetches the packages, so that a host that is not reached is told apart from code that does not build.
swift_resolve() {
    local log=$root/.build/resolve.log
    if ! patiently "fetching the Swift packages" "$log" swift_package package --package-path "$root" resolve; then
        grep -E 'error|fatal' "$log" | head -n 5 >&2
        die "the Swift packages cannot be fetched (git host of the dependencies in Package.swift: github.com); all of it is in $log"
    fi
}

# build_product NAME [OPTION...]: one program as the release is built, with the Swift runtime inside.
build_product() {
    patiently_or_show "building $1" "$root/.build/build-$1.log" \
        swift_package build --package-path "$root" -c release --static-swift-stdlib --product "$@"
}

# release_build: the program as it is shipped, without symbols; sets $REGISTRY_NDN.
release_build() {
    build_product registry-ndn -Xlinker -s || return 1
    REGISTRY_NDN=$root/.build/release/registry-ndn
    export REGISTRY_NDN
}

# build_simulate: the fetch engine in simulated networks, optimised; sets $SIMULATE.
build_simulate() {
    build_product simulate || return 1
    SIMULATE=$root/.build/release/simulate
}
