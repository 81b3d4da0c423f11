#if canImport(Glibc)
    import Glibc
#endif

/// Times the operations of the hot path, one JSON object a line; or performs one of them, for callgrind.
///
///     registry-ndn-micro               all: nanoseconds and, under the counting library, allocations
///     registry-ndn-micro NAME COUNT    one, COUNT times
@main
struct Micro {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.count {
        case 1:
            for path in HotPath.all { measure(path) }
        case 3:
            guard let path = HotPath.all.first(where: { $0.name == arguments[1] }), let count = Int(arguments[2]) else {
                print("unknown; one of: \(HotPath.all.map(\.name).joined(separator: ", "))")
                exit(64)
            }
            perform(path, count)
        default:
            print("usage: registry-ndn-micro [NAME COUNT]")
            exit(64)
        }
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
        let clock = ContinuousClock()
        var count = 1000
        while clock.measure({ perform(path, count) }) < .milliseconds(20) { count *= 2 }
        let times = (0..<5).map { _ in clock.measure { perform(path, count) } }
        let nanoseconds = (times.min() ?? .zero) / count
        // What comes with the first few is not the packet's.
        let few = allocations { perform(path, 1000) }
        let many = allocations { perform(path, 11000) }
        let each = few.flatMap { few in many.map { "\(Double($0 - few) / 10000)" } } ?? "null"
        print(
            "{\"name\": \"\(path.name)\", \"ns\": \(Double(nanoseconds.components.attoseconds) / 1e9), "
                + "\"allocations\": \(each)}")
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
