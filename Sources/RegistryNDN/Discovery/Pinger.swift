package import Logging
package import NDN
package import NIOCore

/// Sends Interests through one router, one at a time, and measures what comes back.
package final class Pinger: Sendable {
    /// What one Interest brought.
    package enum Outcome: Hashable, Sendable {
        /// Data of this ContentType, after this time.
        case data(contentType: UInt64, rtt: TimeAmount)
        /// A network Nack.
        case nack(NackReason, rtt: TimeAmount)
        /// Nothing within the lifetime.
        case timeout
        /// The connection is down.
        case faceDown
        /// The Interest is too large to be sent.
        case malformed
    }

    /// The router, as it was resolved.
    package let router: FaceURI
    private let loop: any EventLoop
    private let endpoint: NIOLoopBound<Endpoint>

    private init(_ endpoint: Endpoint) {
        router = endpoint.face.remote
        loop = endpoint.face.eventLoop
        self.endpoint = NIOLoopBound(endpoint, eventLoop: loop)
    }

    /// Connects; throws `FaceError` when that fails.
    package static func connect(
        to router: FaceURI, face: FaceConfiguration = .init(), group: any EventLoopGroup, logger: Logger
    ) async throws -> Pinger {
        let loop = group.next()
        return try await loop.flatSubmit {
            let connector = FaceConnector(to: router, on: loop, configuration: face, logger: logger)
            let endpoint = Endpoint(face: connector.face)
            return connector.connect().assumeIsolated().map { Pinger(endpoint) }.nonisolated()
        }.get()
    }

    /// Sends an Interest for `<prefix>/ping/<random>`, which our server and ndnping's answer; or, when `exact`, for the name
    /// itself, which any cache may answer unless the answer must be fresh.
    package func ping(_ name: Name, exact: Bool, isFresh: Bool = false, lifetime: TimeAmount) async -> Outcome {
        var interest = InterestBuilder(name: exact ? name : .ping(name, number: .random(in: .min ... .max)))
        interest.canBePrefix = exact
        interest.mustBeFresh = !exact || isFresh
        interest.lifetimeMilliseconds = UInt64(max(1, lifetime.nanoseconds / 1_000_000))
        let (asked, endpoint, loop) = (interest, endpoint, loop)
        let start = NIODeadline.now()
        do {
            let type = try await loop.flatSubmit { endpoint.value.express(asked).map(\.contentType) }.get()
            return .data(contentType: type, rtt: .now() - start)
        } catch {
            switch error as? ExpressError {
            case .nack(let reason): return .nack(reason, rtt: .now() - start)
            case .faceDown: return .faceDown
            case .malformed: return .malformed
            case .timeout, nil: return .timeout
            }
        }
    }

    package func close() async {
        let endpoint = endpoint
        try? await loop.submit { endpoint.value.close() }.get()
    }
}

/// What several Interests brought.
package struct PingStatistics: Hashable, Sendable {
    package private(set) var sent = 0
    package private(set) var received = 0
    package private(set) var nacks = 0
    package private(set) var minimum: TimeAmount?
    package private(set) var maximum: TimeAmount?
    private var total = TimeAmount.zero

    package init() {}

    package mutating func add(_ outcome: Pinger.Outcome) {
        sent += 1
        switch outcome {
        case .data(_, let rtt):
            received += 1
            total = total + rtt
            minimum = min(minimum ?? rtt, rtt)
            maximum = max(maximum ?? rtt, rtt)
        case .nack: nacks += 1
        case .timeout, .faceDown, .malformed: break
        }
    }

    /// The mean round-trip time of what was received.
    package var average: TimeAmount? {
        received == 0 ? nil : .nanoseconds(total.nanoseconds / Int64(received))
    }

    /// Interests that brought no Data, of 100; 0 when none was sent.
    package var lossPercent: Double { sent == 0 ? 0 : Double(sent - received) * 100 / Double(sent) }
}
