# What a script tells its user: one line a step on stderr, so that stdout stays the result's.

say() {
    printf '%s\n' "$*" >&2
}

step() {
    printf '\n== %s\n' "$*" >&2
}

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
