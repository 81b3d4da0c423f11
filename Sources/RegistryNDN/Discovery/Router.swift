public import NIOCore

/// A router that somebody recommends.
public struct Router: Hashable, Sendable {
    public var uri: FaceURI
    /// The name it answers for, `<prefix>/ping/…` among others.
    public var prefix: Name?

    public init(uri: FaceURI, prefix: Name? = nil) {
        self.uri = uri
        self.prefix = prefix
    }
}

/// What probing a router brought.
public struct RouterMeasurement: Hashable, Sendable {
    /// Who answered, best first.
    public enum Answer: Int, Hashable, Sendable, Comparable {
        /// A producer behind it: the name that matters can be reached.
        case producer
        /// The router itself.
        case router
        /// Its Nack: it lives, but reaches nothing of what it was asked.
        case nack
        /// Nobody.
        case silence

        public static func < (a: Answer, b: Answer) -> Bool { a.rawValue < b.rawValue }
    }

    public var router: Router
    public var answer: Answer
    /// From the Interest to the best answer; nil after silence.
    public var rtt: TimeAmount?

    public init(router: Router, answer: Answer, rtt: TimeAmount?) {
        self.router = router
        self.answer = answer
        self.rtt = rtt
    }
}

extension RouterMeasurement: Comparable {
    /// Better first: who reaches more, then who is nearer.
    public static func < (a: RouterMeasurement, b: RouterMeasurement) -> Bool {
        (a.answer, a.rtt ?? .hours(1)) < (b.answer, b.rtt ?? .hours(1))
    }
}
