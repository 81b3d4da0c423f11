#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How many files and sockets this process may have open at a time.
public enum DescriptorLimit {
    /// Descriptors kept back for files, event loops and connections that the program makes itself.
    static let reserve = 64

    /// The soft limit (RLIMIT_NOFILE) of now.
    package static var current: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the soft limit to the hard one, which every process may: the usual soft limit of 1024 is for programs that use
    /// select(2).
    ///
    /// - Returns: the soft limit from now on.
    public static func raise() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        if unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            // Where it fails the old limit holds, and `current` tells.
            _ = unsafe setrlimit(resource, &limit)
        }
        return current
    }

    /// Connections that others may hold: `wanted`, or what the limit leaves beside the reserve, which is at most half of it.
    package static func connections(atMost wanted: Int, limit: Int = current, reserve: Int = reserve) -> Int {
        max(1, min(wanted, limit - min(reserve, limit / 2)))
    }

    /// How many more descriptors there are until the reserve alone is left; 0 or less: whoever accepts a connection now closes
    /// it, or another.
    static func room(reserve: Int = reserve) -> Int {
        // The system gives the lowest number that is free.
        let lowest = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard lowest >= 0 else { return 0 }
        SystemSocket.shut(lowest)
        return connections(atMost: .max, reserve: reserve) - Int(lowest)
    }
}

/// Whether descriptors run out, for one who accepts connections: looks for each of them only where there is little room.
struct DescriptorWatch {
    /// What the next look may wait for, of the room that the last one found: others open descriptors as well.
    private static let part = 4

    private let room: () -> Int
    /// Connections until the next look.
    private var pause = 0

    /// - Parameter room: how many more descriptors there are.
    init(room: @escaping () -> Int) {
        self.room = room
    }

    /// One more connection was accepted. Whether it takes from the reserve.
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
