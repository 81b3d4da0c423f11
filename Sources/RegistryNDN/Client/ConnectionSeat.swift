internal import Logging
internal import NIOCore
internal import Synchronization

/// The seats that an endpoint has for connections, and the line in the log when there are too few.
final class ConnectionSeats: Sendable {
    private let table: Mutex<ConnectionTable<any Channel>>
    private let logger: Logger

    init(limit: Int, logger: Logger) {
        table = Mutex(ConnectionTable(limit: limit))
        self.logger = logger
    }

    /// A seat for a new connection; nil, and the connection is closed, when there is none. Another connection may lose its seat.
    func seat(for channel: any Channel) -> ConnectionSeat? {
        let host = ConnectionTable<any Channel>.Host(channel.remoteAddress)
        let (verdict, isNews, limit) = table.withLock { table in
            let (verdict, isNews) = table.enter(channel, from: host, now: .now())
            return (verdict, isNews, table.limit)
        }
        if isNews {
            logger.warning(
                "too many connections: those that wait longest for a request are closed for new ones; when all are busy, new ones are refused",
                metadata: ["limit": "\(limit)", "newest_from": "\(channel.remoteAddress?.ipAddress ?? "?")"])
        }
        switch verdict {
        case .served(let id): return ConnectionSeat(self, id, isRefused: false)
        case .instead(let id, let other):
            other.close(promise: nil)
            return ConnectionSeat(self, id, isRefused: false)
        case .refused(let id): return ConnectionSeat(self, id, isRefused: true)
        case .closed:
            channel.close(promise: nil)
            return nil
        }
    }

    fileprivate func change(_ body: (inout ConnectionTable<any Channel>) -> Void) {
        table.withLock { body(&$0) }
    }
}

/// The seat of one connection.
struct ConnectionSeat: Sendable {
    private let seats: ConnectionSeats
    private let id: Int
    /// Whether the connection is served only to be told that there are too many.
    let isRefused: Bool

    fileprivate init(_ seats: ConnectionSeats, _ id: Int, isRefused: Bool) {
        (self.seats, self.id, self.isRefused) = (seats, id, isRefused)
    }

    /// The connection waits for a request.
    func waits() { seats.change { $0.waits(id) } }

    /// The head of a request has come.
    func works() { seats.change { $0.works(id) } }

    func leave() { seats.change { $0.leave(id) } }
}
