/// Why an upstream refuses to forward an Interest (PROTOCOL.md 6.3.3).
public enum NackReason: UInt8, Hashable, Sendable, CaseIterable {
    /// Not stated, or a code that is not known here.
    case none = 0
    case congestion = 50
    case duplicate = 100
    case noRoute = 150

    /// The reason of a NackReason field: "unknown codes read as None".
    public init(code: UInt64) {
        self = UInt8(exactly: code).flatMap(NackReason.init(rawValue:)) ?? .none
    }
}

extension NackReason: Comparable {
    /// Less severe first: "smaller number is less severe, None is most severe".
    public static func < (a: NackReason, b: NackReason) -> Bool {
        a.severity < b.severity
    }

    private var severity: Int { self == .none ? .max : Int(rawValue) }
}
