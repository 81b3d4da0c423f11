import DequeModule

/// Which connections exist, which are free, and who waits for one. Logic only: the caller opens and closes the connections.
struct ConnectionPoolState<Connection: AnyObject & Sendable, Waiter: Sendable>: Sendable {
    enum Lease {
        case use(Connection)
        /// Open a connection, after closing `evicted`.
        case open(evicted: Connection?)
        /// The waiter will be served by a later event.
        case wait
        case refuse
    }

    enum Release {
        /// Kept for later.
        case keep
        case give(Waiter)
        case close
    }

    private let maximumConnections: Int
    private let maximumWaiting: Int
    private var idle: [Connection] = []
    private var waiting: Deque<(id: Int, waiter: Waiter)> = []
    /// Connections open or being opened.
    private(set) var total = 0
    private var isClosed = false

    init(maximumConnections: Int, maximumWaiting: Int) {
        self.maximumConnections = maximumConnections
        self.maximumWaiting = maximumWaiting
    }

    /// Asks for a connection; with `fresh` for one that has not been used.
    mutating func lease(id: Int, waiter: Waiter, fresh: Bool) -> Lease {
        guard !isClosed else { return .refuse }
        // The one used last is the least likely to have been closed by the upstream.
        if !fresh, let connection = idle.popLast() { return .use(connection) }
        // A fresh one takes the place of the one that is idle longest: pushes would leave a row of them behind.
        if total < maximumConnections || !idle.isEmpty {
            total += 1
            return .open(evicted: idle.isEmpty ? nil : idle.removeFirst())
        }
        guard waiting.count < maximumWaiting else { return .refuse }
        waiting.append((id, waiter))
        return .wait
    }

    /// An exchange is over, and its connection is free.
    mutating func release(_ connection: Connection) -> Release {
        guard !isClosed else { return .close }
        if let next = waiting.popFirst() { return .give(next.waiter) }
        idle.append(connection)
        return .keep
    }

    /// A connection is closed or could not be opened; the waiter returned needs a new one to be opened.
    mutating func closed(_ connection: Connection?) -> Waiter? {
        total -= 1
        if let connection { idle.removeAll { $0 === connection } }
        guard !isClosed, total < maximumConnections, let next = waiting.popFirst() else { return nil }
        total += 1
        return next.waiter
    }

    /// Takes out the unused connections, which are to be closed.
    mutating func distrust() -> [Connection] {
        defer { idle = [] }
        return idle
    }

    /// The waiter with this id waits no more; nil when it has been served already.
    mutating func cancel(id: Int) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// No more leases; returns what is to be closed and who is to be told.
    mutating func shutdown() -> (idle: [Connection], waiting: [Waiter]) {
        isClosed = true
        defer {
            idle = []
            waiting = []
        }
        return (idle, waiting.map(\.waiter))
    }
}
