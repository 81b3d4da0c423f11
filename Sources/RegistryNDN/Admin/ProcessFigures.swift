internal import NDN
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What the system says of this process. The names are those that all of Prometheus' own libraries use.
struct ProcessFigures: Hashable, Sendable {
    /// Octets of memory; nil where the system does not say.
    var residentMemory: Int?
    /// Seconds of all processors together.
    var processorTime: Double
    /// nil where the system does not say.
    var openFiles: Int?
    var maximumFiles: Int
    /// Seconds since 1970.
    var started: Double

    /// - Parameter started: when the program began, in seconds since 1970.
    static func now(started: Double) -> ProcessFigures {
        var used = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
        return ProcessFigures(
            residentMemory: octets(of: "/proc/self/statm").flatMap { residentPages(in: $0) }.map {
                $0 * Int(getpagesize())
            },
            processorTime: Double(used.tv_sec) + Double(used.tv_nsec) / 1e9, openFiles: descriptors(),
            maximumFiles: DescriptorLimit.current, started: started)
    }

    func write(to text: inout MetricsText) {
        text.gauge(
            "process_resident_memory_bytes", "Resident memory size in bytes.",
            residentMemory.map { [.init($0)] } ?? [])
        text.counter(
            "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", [.init(processorTime)])
        text.gauge("process_open_fds", "Number of open file descriptors.", openFiles.map { [.init($0)] } ?? [])
        text.gauge("process_max_fds", "Maximum number of open file descriptors.", [.init(maximumFiles)])
        text.gauge(
            "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", [.init(started)])
    }

    /// The second number of /proc/PID/statm, see proc(5).
    static func residentPages(in text: String) -> Int? {
        let words = text.split(whereSeparator: \.isWhitespace)
        return words.count > 1 ? Int(words[1]) : nil
    }

    private static func octets(of path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return (try? SmallFile.octets(of: descriptor)).map { String(buffer: $0) }
    }

    /// Open descriptors, without the one that the count needs.
    private static func descriptors() -> Int? {
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // "." and "..", and the folder itself.
        return count - 3
    }
}
