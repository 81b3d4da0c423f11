# The program behind scripts/netlab. Needs say.sh and $root.

# build_netlab: compiles it when its source is newer; sets $netlab.
build_netlab() {
    local source=$root/Tests/Benchmarks/netlab compiler candidate
    netlab=$root/.build/netlab
    [ -z "$(find "$source" -newer "$netlab" 2>/dev/null)" ] && [ -x "$netlab" ] && return
    for candidate in cc clang gcc; do
        if command -v "$candidate" >/dev/null; then compiler=$candidate; break; fi
    done
    [ -n "${compiler-}" ] || die "no C compiler (cc, clang, gcc) is on PATH: netlab cannot be built"
    mkdir -p "$root/.build"
    # Moved into place, so that two builds at once do no harm.
    "$compiler" -std=c11 -O2 -Wall -Wextra -Werror "$source"/*.c -o "$netlab.$$" || die "netlab does not build"
    mv "$netlab.$$" "$netlab"
}
