# What the benchmarks need beside the release build. Needs say.sh and $root.

# build_allocations: the library that counts malloc; sets $ALLOCATIONS_LIBRARY.
build_allocations() {
    local source=$root/Tests/Benchmarks/allocations/allocations.c
    ALLOCATIONS_LIBRARY=$root/.build/allocations.so
    export ALLOCATIONS_LIBRARY
    [ ! "$ALLOCATIONS_LIBRARY" -nt "$source" ] || return 0
    cc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared "$source" -o "$ALLOCATIONS_LIBRARY.$$" \
        || die "the library that counts allocations does not build"
    mv "$ALLOCATIONS_LIBRARY.$$" "$ALLOCATIONS_LIBRARY"
}
