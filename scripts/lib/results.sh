# Counts what passed, failed and was skipped over all parts of a run. Needs say.sh and $root.

results=$root/.build/test-results

begin_results() {
    rm -rf "$results"
    mkdir -p "$results"
    total_passed=0
    total_failed=0
    total_skipped=0
    summary=()
    failures=()
    began=$SECONDS
}

# count NAME PASSED FAILED SKIPPED SECONDS
count() {
    total_passed=$((total_passed + $2))
    total_failed=$((total_failed + $3))
    total_skipped=$((total_skipped + $4))
    summary+=("$(printf '%-28s %5d passed %4d failed %4d skipped %5d s' "$@")")
}

# run_part NAME COMMAND...: a step that is counted only when it fails.
run_part() {
    local name=$1 start=$SECONDS
    shift
    step "$name"
    if "$@"; then
        summary+=("$(printf '%-28s %49d s' "$name" $((SECONDS - start)))")
        return 0
    fi
    failures+=("$name failed: what it said stands above")
    count "$name" 0 1 0 $((SECONDS - start))
    return 1
}

# run_counted NAME HOW FILE COMMAND...: runs tests and counts them: HOW is `xml` (JUnit files at FILE), `lines` (the
# command closes with "N passed, N failed") or `one` (the command is one test). What they print goes to a log; what failed is
# shown, and again at the end of the run.
run_counted() {
    local name=$1 how=$2 file=$3 start=$SECONDS status numbers
    local log=$results/${name//[^a-z]/-}.log
    shift 3
    step "$name"
    patiently "$name" "$log" "$@"
    status=$?
    case $how in
    xml) numbers=$(python3 "$root/scripts/lib/count.py" --counts "$file") || numbers="0 0 0" ;;
    lines) numbers=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2 0/p' "$log" | tail -n 1) ;;
    one) [ "$status" -eq 0 ] && numbers="1 0 0" || numbers="0 1 0" ;;
    esac
    read -r passed failed skipped <<<"${numbers:-0 0 0}"
    # A run that broke off before it could write its counts, or ran nothing, has failed.
    if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$((passed + skipped))" -eq 0 ]; }; then
        failed=1
        failures+=("$(printf '%s ended with status %s; its last lines:\n%s' "$name" "$status" "$(tail -n 30 "$log")")")
    elif [ "$failed" -gt 0 ]; then
        failures+=("$(what_failed "$how" "$file" "$log")")
    fi
    [ "$failed" -eq 0 ] || say "${failures[-1]}"
    say "$passed passed, $failed failed, $skipped skipped; all of it is in $log"
    count "$name" "$passed" "$failed" "$skipped" $((SECONDS - start))
}

# what_failed HOW FILE LOG
what_failed() {
    case $1 in
    xml) python3 "$root/scripts/lib/count.py" --failures "$2" ;;
    lines) grep -A 20 -E '^FAIL' "$3" | head -n 60 ;;
    one) tail -n 60 "$3" ;;
    esac
}

# close_results: the summary, what failed once more, and the closing line; fails when anything failed.
close_results() {
    step "summary ($((SECONDS - began)) s)"
    printf '%s\n' "${summary[@]}" >&2
    if [ "$total_failed" -gt 0 ]; then
        step "what failed"
        [ "${#failures[@]}" -eq 0 ] || printf '%s\n' "${failures[@]}" >&2
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$total_passed" "$total_failed" "$total_skipped"
    [ "$total_failed" -eq 0 ]
}
