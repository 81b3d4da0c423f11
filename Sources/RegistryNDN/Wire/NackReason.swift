/// Why an upstream refuses to forward an Interest (docs/protocol.md 7.4).
public enum NackReason: UInt8, Hashable, Sendable, CaseIterable {
    /// Not stated, or a code that is not known here.
    case none = 0
    /// A link on the way has no room: ask for less.
    case congestion = 50
    /// The Nonce has been seen: the Interest loops, or came by two ways.
    case duplicate = 100
    /// No route leads on from the forwarder that says so.
    case noRoute = 150

    /// The reason of a NackReason field; an unknown one counts as None.
    public init(code: UInt64) {
        self = UInt8(exactly: code).flatMap(NackReason.init(rawValue:)) ?? .none
    }
}

extension NackReason: Comparable {
    /// Less severe first: that of the smaller number, and None last of all.
    public static func < (a: NackReason, b: NackReason) -> Bool {
        a.severity < b.severity
    }

    private var severity: Int { self == .none ? .max : Int(rawValue) }
}
