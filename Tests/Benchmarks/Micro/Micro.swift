#if canImport(Glibc)
    import Glibc
#endif

/// Times the operations of the hot path, one JSON object a line; or performs one of them, for callgrind. CPU time, as
/// `openssl speed` has it: whatever else the machine does is not counted.
///
///     registry-ndn-micro               all: nanoseconds and, under the counting library, allocations
///     registry-ndn-micro NAME          one of them
///     registry-ndn-micro NAME COUNT    one, COUNT times
@main
struct Micro {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.count {
        case 1:
            for path in HotPath.all { measure(path) }
        case 2:
            measure(path(arguments[1]))
        case 3:
            guard let count = Int(arguments[2]) else { fallthrough }
            perform(path(arguments[1]), count)
        default:
            print("usage: registry-ndn-micro [NAME [COUNT]]")
            exit(64)
        }
    }

    private static func path(_ name: String) -> HotPath {
        guard let path = HotPath.all.first(where: { $0.name == name }) else {
            print("unknown; one of: \(HotPath.all.map(\.name).joined(separator: ", "))")
            exit(64)
        }
        return path
    }

    /// An operation that fails gives 0, and then its cost would mean nothing.
    private static func perform(_ path: HotPath, _ count: Int) {
        guard path.run(count) != 0 else {
            print("\(path.name) failed")
            exit(1)
        }
    }

    /// The least of five, for as many repetitions as take about 20 ms.
    private static func measure(_ path: HotPath) {
        var count = 1000
        while nanoseconds({ perform(path, count) }) < 20_000_000 { count *= 2 }
        let times = (0..<5).map { _ in nanoseconds { perform(path, count) } }
        // What comes with the first few is not the packet's.
        let few = allocations { perform(path, 1000) }
        let many = allocations { perform(path, 11000) }
        let each = few.flatMap { few in many.map { "\(Double($0 - few) / 10000)" } } ?? "null"
        print(
            "{\"name\": \"\(path.name)\", \"ns\": \(Double(times.min() ?? 0) / Double(count)), "
                + "\"allocations\": \(each)}")
    }

    /// CPU time that this thread takes for it.
    private static func nanoseconds(_ work: () -> Void) -> Int {
        func now() -> Int {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }
        let begin = now()
        work()
        return now() - begin
    }

    /// How often malloc was called meanwhile; nil without the library that counts (Tests/Benchmarks/allocations).
    private static func allocations(_ work: () -> Void) -> Int? {
        guard let symbol = unsafe dlsym(nil, "allocation_count") else { return nil }
        let count = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> UInt64).self)
        let before = count()
        work()
        return Int(count() - before)
    }
}
