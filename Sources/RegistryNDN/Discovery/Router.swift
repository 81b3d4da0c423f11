package import NDN
package import NIOCore

/// A router that somebody recommends.
package struct Router: Hashable, Sendable {
    package var uri: FaceURI
    /// The name it answers for, `<prefix>/ping/…` among others.
    package var prefix: Name?

    package init(uri: FaceURI, prefix: Name? = nil) {
        self.uri = uri
        self.prefix = prefix
    }
}

/// What probing a router brought.
package struct RouterMeasurement: Hashable, Sendable {
    /// Who answered, best first.
    package enum Answer: Int, Hashable, Sendable, Comparable {
        /// A producer behind it: the name that matters can be reached.
        case producer
        /// The router itself.
        case router
        /// Its Nack: it lives, but reaches nothing of what it was asked.
        case nack
        /// Nobody.
        case silence

        package static func < (a: Answer, b: Answer) -> Bool { a.rawValue < b.rawValue }
    }

    package var router: Router
    package var answer: Answer
    /// From the Interest to the best answer; nil after silence.
    package var rtt: TimeAmount?

    package init(router: Router, answer: Answer, rtt: TimeAmount?) {
        self.router = router
        self.answer = answer
        self.rtt = rtt
    }
}

extension RouterMeasurement: Comparable {
    /// Better first: who reaches more, then who is nearer.
    package static func < (a: RouterMeasurement, b: RouterMeasurement) -> Bool {
        (a.answer, a.rtt ?? .hours(1)) < (b.answer, b.rtt ?? .hours(1))
    }
}
