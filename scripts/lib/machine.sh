# What this machine must have before anything is built. Needs say.sh and $root.

# require_swift MAJOR MINOR
require_swift() {
    local version
    command -v swift >/dev/null || die "Swift is missing: install Swift $1.$2 or newer from https://www.swift.org/install and put its usr/bin on PATH"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    [ -n "$version" ] || die "'swift --version' does not answer: run it by hand to see why"
    if [ "${version%%.*}" -lt "$1" ] || { [ "${version%%.*}" -eq "$1" ] && [ "${version##*.}" -lt "$2" ]; }; then
        die "Swift $version is too old: $1.$2 or newer is needed (https://www.swift.org/install)"
    fi
    say "Swift $version"
}

# require_memory MIB: memory that can be had without swapping.
require_memory() {
    local available
    available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    [ "$available" -ge "$1" ] || die "only $available MiB of memory are free and $1 MiB are needed: close programs or use a larger machine"
    say "memory: $available MiB free, $1 MiB needed"
}

# require_disk FOLDER MIB
require_disk() {
    local available
    mkdir -p "$1" || die "the folder $1 cannot be made"
    available=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
    [ "$available" -ge "$2" ] || die "only $available MiB are free on the disk of $1 and $2 MiB are needed: free some space"
    say "disk: $available MiB free at $1, $2 MiB needed"
}

# require_own FOLDER...: those that exist can be written to; a run as root leaves folders that a plain user cannot use.
require_own() {
    local folder
    for folder in "$@"; do
        [ ! -e "$folder" ] || [ -w "$folder" ] || die "$folder belongs to another user (did root run this here before?): remove it as root, or use a clone of your own"
    done
}

# require_debian: the libraries and the exercised programs come from Debian packages.
require_debian() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
        die "apt-get and dpkg are missing: these scripts get libraries and programs from Debian packages (Debian 12 or newer, or Ubuntu)"
    fi
}
