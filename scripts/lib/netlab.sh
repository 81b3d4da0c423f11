# The program behind scripts/netlab. Needs say.sh and $root.

# find_compiler: sets $compiler.
find_compiler() {
    local candidate
    for candidate in cc clang gcc "$(dirname "$(readlink -f "$(command -v swift || true)")")/clang"; do
        if command -v "$candidate" >/dev/null; then
            compiler=$candidate
            return
        fi
    done
    die "no C compiler (cc, clang, gcc) is on PATH"
}

# build_netlab: compiles it when its source is newer; sets $netlab.
build_netlab() {
    local source=$root/Tests/Benchmarks/netlab compiler
    netlab=$root/.build/netlab
    [ -z "$(find "$source" -newer "$netlab" 2>/dev/null)" ] && [ -x "$netlab" ] && return
    find_compiler
    mkdir -p "$root/.build"
    # Moved into place, so that two builds at once do no harm.
    "$compiler" -std=c11 -O2 -Wall -Wextra -Werror "$source"/*.c -o "$netlab.$$" || die "netlab does not build"
    mv "$netlab.$$" "$netlab"
}
