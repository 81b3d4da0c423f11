/// The data of server-sent events (HTML standard, "Server-sent events") as octets come in. Logic only.
struct EventReader {
    /// Octets of one event, at most; of a longer one nothing is told.
    static let limit = 1 << 20

    private var line: [UInt8] = []
    private var data: [UInt8] = []

    /// The data of the events that these octets end, each of one line as `/events` has them.
    mutating func append(_ octets: some Sequence<UInt8>) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for octet in octets {
            guard octet == UInt8(ascii: "\n") else {
                if line.count < Self.limit { line.append(octet) }
                continue
            }
            let isWhole = line.count < Self.limit
            if line.isEmpty, !data.isEmpty {
                events.append(data)
                data = []
            } else if isWhole, line.starts(with: "data:".utf8) {
                data = Array(line.dropFirst(5).drop { $0 == UInt8(ascii: " ") })
            }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }
}
