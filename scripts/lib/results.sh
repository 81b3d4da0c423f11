# Counts what passed, failed and was skipped over all parts of a run. Needs say.sh and $root.

results=$root/.build/test-results

begin_results() {
    rm -rf "$results"
    mkdir -p "$results"
    total_passed=0
    total_failed=0
    total_skipped=0
    summary=()
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
    count "$name" 0 1 0 $((SECONDS - start))
    return 1
}

# run_counted NAME HOW FILE COMMAND...: runs tests and counts them: HOW is `xml` (JUnit files at FILE), `lines` (the
# command closes with "N passed, N failed") or `one` (the command is one test).
run_counted() {
    local name=$1 how=$2 file=$3 start=$SECONDS status numbers
    local log=$results/${name//[^a-z]/-}.log
    shift 3
    step "$name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    case $how in
    xml) numbers=$(python3 "$root/scripts/lib/count.py" "$file") || numbers="0 0 0" ;;
    lines) numbers=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2 0/p' "$log" | tail -n 1) ;;
    one) [ "$status" -eq 0 ] && numbers="1 0 0" || numbers="0 1 0" ;;
    esac
    read -r passed failed skipped <<<"${numbers:-0 0 0}"
    # A run that broke off before it could write its counts, or ran nothing, has failed.
    if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$((passed + skipped))" -eq 0 ]; }; then
        say "$name ended with status $status"
        failed=1
    fi
    count "$name" "$passed" "$failed" "$skipped" $((SECONDS - start))
}

# close_results: the summary and the closing line; fails when anything failed.
close_results() {
    step "summary ($((SECONDS - began)) s)"
    printf '%s\n' "${summary[@]}" >&2
    printf '\n%d passed, %d failed, %d skipped\n' "$total_passed" "$total_failed" "$total_skipped"
    [ "$total_failed" -eq 0 ]
}
