#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How many files and sockets this process may have open at a time.
package enum DescriptorLimit {
    /// Descriptors kept back for files, event loops and connections that the program makes itself.
    static let reserve = 64

    /// The present soft limit (RLIMIT_NOFILE).
    package static var current: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the soft limit to the hard one, which every process may: the usual soft limit of 1024 is for programs that use
    /// select(2).
    ///
    /// - Returns: the soft limit from now on.
    package static func raise() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        if unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            // If the call fails, the old limit stays, and `current` returns that.
            _ = unsafe setrlimit(resource, &limit)
        }
        return current
    }

    /// How many connections peers may hold: `wanted`, but no more than the limit without the reserve, which counts as half of
    /// the limit at most.
    package static func connections(atMost wanted: Int, limit: Int = current, reserve: Int = reserve) -> Int {
        max(1, min(wanted, limit - min(reserve, limit / 2)))
    }

    /// How many descriptors are free before the reserve is touched. At 0 or less, a listener closes the connection that it
    /// accepts, or another one.
    static func room(reserve: Int = reserve) -> Int {
        // The system gives the lowest number that is free.
        let lowest = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard lowest >= 0 else { return 0 }
        SystemSocket.shut(lowest)
        return connections(atMost: .max, reserve: reserve) - Int(lowest)
    }
}

/// Tells a listener whether descriptors run out. Looks at each accepted connection only when few descriptors are free.
struct DescriptorWatch {
    /// After a look that found n free descriptors, n / `part` connections pass before the next: others open descriptors as well.
    private static let part = 4

    private let room: () -> Int
    /// Connections until the next look.
    private var pause = 0

    /// - Parameter room: how many more descriptors there are.
    init(room: @escaping () -> Int) {
        self.room = room
    }

    /// A connection was accepted. Returns whether it takes a descriptor of the reserve.
    mutating func isReached() -> Bool {
        guard pause == 0 else {
            pause -= 1
            return false
        }
        let room = room()
        pause = max(0, room / Self.part)
        return room <= 0
    }
}
