public import Logging
public import NIOCore

/// A connection to a forwarder for its management: for programs that give commands and read datasets, one after the other.
///
/// Commands are signed with `signer`, and tried again where that can help: after silence, and after a 403 with a later time.
public final class ManagementSession: Sendable {
    /// Where it is connected to.
    public let router: FaceURI
    private let loop: any EventLoop
    private let exchange: NIOLoopBound<ManagementExchange>
    private let isKeyShared: Bool
    let scope: ManagementScope
    /// Milliseconds a command waits for its answer.
    private let lifetime: UInt64

    private init(_ exchange: ManagementExchange, router: FaceURI, timeout: TimeAmount?) {
        self.router = router
        loop = exchange.endpoint.face.eventLoop
        scope = exchange.scope
        // All who sign with a digest are one key to NFD.
        isKeyShared = exchange.signer.keyName == nil
        self.exchange = NIOLoopBound(exchange, eventLoop: loop)
        let timeout = timeout ?? (router.scheme == .udp ? .seconds(4) : .seconds(10))
        lifetime = UInt64(max(1, timeout.nanoseconds / 1_000_000))
    }

    /// Connects; throws `FaceError` when that fails.
    ///
    /// - Parameters:
    ///   - certificates: packets served on the connection, since a remote hub asks for the certificates of the signer over this
    ///     very face (docs/protocol.md 8.8).
    ///   - timeout: for one attempt of a command; by default 10 s, as ndn-cxx has it, since a forwarder may have to fetch
    ///     certificates before it answers, and 4 s over UDP, where there are several.
    public static func connect(
        to router: FaceURI, signer: Signer = .digest, certificates: [DataPacket] = [], clock: CommandClock = .shared,
        timeout: TimeAmount? = nil, group: any EventLoopGroup, logger: Logger
    ) async throws -> ManagementSession {
        let loop = group.next()
        return try await loop.flatSubmit {
            let connector = FaceConnector(to: router, on: loop, logger: logger)
            let endpoint = Endpoint(face: connector.face)
            let exchange = ManagementExchange(
                endpoint: endpoint, signer: signer, clock: clock, certificates: ServedPackets(certificates))
            endpoint.add(exchange)
            // Whether the face is local is known only once it is up.
            return connector.connect().assumeIsolated()
                .map { ManagementSession(exchange, router: router, timeout: timeout) }.nonisolated()
        }.get()
    }

    /// Closes the connection; routes to it end with it.
    public func close() async {
        let exchange = exchange
        try? await loop.submit { exchange.value.endpoint.close() }.get()
    }

    /// Returns when the connection is lost, or the task cancelled.
    public func closed() async {
        let (lost, ending) = AsyncStream.makeStream(of: Void.self)
        let exchange = exchange
        loop.execute {
            exchange.value.onDown = { ending.finish() }
            if exchange.value.endpoint.face.state != .up { ending.finish() }
        }
        for await _ in lost {}
    }

    /// Gives a command.
    ///
    /// - Parameter action: for the error, as it follows "cannot": `register /example/docker`.
    /// - Returns: the answer, with a status of 200, or one of `accepting`.
    /// - Throws: `CommandError`.
    @discardableResult
    public func execute(
        _ module: String, _ verb: String, _ parameters: ControlParameters, action: String, accepting: Set<UInt64> = []
    ) async throws -> ControlResponse {
        let (loop, exchange, lifetime) = (loop, exchange, lifetime)
        try checkReach(module, action)
        var retry = CommandRetry(isShared: isKeyShared, isLossy: router.scheme == .udp)
        var ahead: UInt64 = 0
        while true {
            let time = ahead
            let reason: CommandError.Reason
            do {
                let response = try await loop.flatSubmit {
                    exchange.value.execute(module, verb, parameters, ahead: time, lifetime: lifetime)
                }.get()
                if response.isSuccess || accepting.contains(response.code) { return response }
                reason = .rejected(code: response.code, text: response.text)
            } catch {
                reason = error as? CommandError.Reason ?? .timeout
            }
            guard let again = retry.next(after: reason) else {
                throw try await loop.flatSubmit { exchange.value.explain(action, reason) }.get()
            }
            try await Task.sleep(for: .nanoseconds(again.pause.nanoseconds))
            ahead = again.ahead
        }
    }

    /// Fetches a status dataset: `rib/list` and the like. Throws `CommandError`.
    public func dataset(_ module: String, _ verb: String) async throws -> ByteBuffer {
        let (loop, exchange) = (loop, exchange)
        try checkReach(module, "read \(module)/\(verb)")
        do {
            return try await loop.flatSubmit { exchange.value.dataset(module, verb) }.get().content
        } catch {
            let reason = error as? CommandError.Reason ?? .timeout
            throw try await loop.flatSubmit { exchange.value.explain("read \(module)/\(verb)", reason) }.get()
        }
    }
    private func checkReach(_ module: String, _ action: String) throws(CommandError) {
        guard scope == .localhop, module != "rib" else { return }
        throw CommandError(action: action, uplink: "\(router)", scope: scope, reason: .remote)
    }
}
