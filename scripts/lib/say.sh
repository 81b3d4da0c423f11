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

# patiently WHAT LOG COMMAND...: runs COMMAND with all its output in LOG, and says every 20 seconds how long it has run and
# what it said last. The status is COMMAND's.
patiently() {
    local what=$1 log=$2 ticker status
    shift 2
    mkdir -p "$(dirname "$log")"
    : >"$log"
    tick "$what" "$log" $$ &
    ticker=$!
    "$@" >"$log" 2>&1
    status=$?
    kill "$ticker" 2>/dev/null
    wait "$ticker" 2>/dev/null
    return "$status"
}

# tick WHAT LOG PROCESS: says how WHAT gets on for as long as PROCESS lives.
tick() {
    local begin=$SECONDS never
    # Waits without a child, which would hold our caller's stderr open after we are ended.
    exec {never}<> <(:)
    while ! read -r -t 20 -u "$never" && kill -0 "$3" 2>/dev/null; do
        say "   $1, $((SECONDS - begin)) s: $(tail -n 1 "$2" | cut -c 1-100)"
    done
}

# patiently_or_show WHAT LOG COMMAND...: the same; what COMMAND said last is shown when it fails.
patiently_or_show() {
    if patiently "$@"; then return; fi
    grep -E 'error:' "$2" | sort -u | head -n 20 >&2
    tail -n 15 "$2" >&2
    say "all of it is in $2"
    return 1
}
