# Building with Swift. Needs say.sh and $root.

# swift_resolve: fetches the packages, so that a host that is not reached is told apart from code that does not build.
swift_resolve() {
    local log=$root/.build/resolve.log
    mkdir -p "$root/.build"
    if ! swift package --package-path "$root" resolve >"$log" 2>&1; then
        grep -E 'error|fatal' "$log" | head -n 5 >&2
        die "the Swift packages cannot be fetched (git host of the dependencies in Package.swift: github.com); all of it is in $log"
    fi
}

# release_build: the program as it is shipped, with the Swift runtime inside; sets $REGISTRY_NDN.
release_build() {
    swift build --package-path "$root" -c release --static-swift-stdlib --product registry-ndn || return 1
    REGISTRY_NDN=$root/.build/release/registry-ndn
    export REGISTRY_NDN
}

# build_simulate: the fetch engine in simulated networks, optimised; sets $SIMULATE.
build_simulate() {
    swift build --package-path "$root" -c release --static-swift-stdlib --product simulate || return 1
    SIMULATE=$root/.build/release/simulate
}
