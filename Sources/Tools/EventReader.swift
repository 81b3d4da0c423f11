/// The data of server-sent events (HTML standard, "Server-sent events") as octets come in. Logic only.
struct EventReader {
    /// Octets of a line, at most.
    static let limit = 1 << 20

    /// A line is longer: the stream is none of ours.
    struct TooLong: Error {}

    private var line: [UInt8] = []
    private var data: [UInt8] = []

    /// The data of the events that these octets end, each of one line as `/events` has them.
    mutating func append(_ octets: some Sequence<UInt8>) throws(TooLong) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for octet in octets {
            guard octet == UInt8(ascii: "\n") else {
                guard line.count < Self.limit else { throw TooLong() }
                line.append(octet)
                continue
            }
            if line.isEmpty, !data.isEmpty {
                events.append(data)
                data = []
            } else if line.starts(with: "data:".utf8) {
                data = Array(line.dropFirst(5).drop { $0 == UInt8(ascii: " ") })
            }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }
}
