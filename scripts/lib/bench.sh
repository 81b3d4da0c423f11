# What benchmarks and thresholds need beside the release build. Needs say.sh, build.sh, netlab.sh, tools.sh and $root.

# build_allocations: the library that counts malloc; sets $ALLOCATIONS_LIBRARY.
build_allocations() {
    local source=$root/Tests/Benchmarks/allocations/allocations.c compiler
    ALLOCATIONS_LIBRARY=$root/.build/allocations.so
    export ALLOCATIONS_LIBRARY
    [ ! "$ALLOCATIONS_LIBRARY" -nt "$source" ] || return 0
    find_compiler
    "$compiler" -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared "$source" -o "$ALLOCATIONS_LIBRARY.$$" \
        || die "the library that counts allocations does not build"
    mv "$ALLOCATIONS_LIBRARY.$$" "$ALLOCATIONS_LIBRARY"
}

# build_micro: the hot path's operations alone, built as the release is; sets $MICRO.
build_micro() {
    build_product registry-ndn-micro || return 1
    MICRO=$root/.build/release/registry-ndn-micro
    export MICRO
}

# thresholds: holds the hot path's instructions and allocations against their bounds.
thresholds() {
    build_allocations
    # Unpacked, valgrind does not find its own parts by itself.
    if ! on_path valgrind; then export VALGRIND_LIB=$tools_home/root/usr/libexec/valgrind; fi
    python3 "$root/Tests/Benchmarks/thresholds.py" "$MICRO"
}
