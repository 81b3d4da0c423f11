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
    private let scope: ManagementScope
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
    ///   - router: the forwarder, best over its Unix socket.
    ///   - signer: signs the commands; most forwarders on the same host accept a digest.
    ///   - certificates: packets served on the connection, since a remote hub asks for the certificates of the signer over this
    ///     very face (docs/protocol.md 8.8).
    ///   - clock: gives the commands their times (docs/protocol.md 8.2).
    ///   - timeout: for one attempt of a command; by default 10 s, as ndn-cxx has it, since a forwarder may have to fetch
    ///     certificates before it answers, and 4 s over UDP, where there are several.
    ///   - group: one of its loops carries the connection.
    ///   - logger: gets a line when the connection is lost or back.
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
    /// - Parameters:
    ///   - module: `rib`, `faces`, `strategy-choice`, …
    ///   - verb: `register`, `create`, `set`, …
    ///   - parameters: what the command needs (docs/protocol.md 8.4).
    ///   - action: for the error, as it follows "cannot": `register /example/docker`.
    ///   - accepting: codes other than 200 that are no failure here, such as 409 of `faces/create`.
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

extension ManagementSession {
    /// The routing table: `rib/list`.
    public func routes() async throws -> [RibEntry] { try await list("rib", RibEntry.decodeList) }

    /// The faces: `faces/list`; over local faces only.
    public func faces() async throws -> [FaceStatus] { try await list("faces", FaceStatus.decodeList) }

    /// The strategies: `strategy-choice/list`; over local faces only.
    public func strategies() async throws -> [StrategyChoice] {
        try await list("strategy-choice", StrategyChoice.decodeList)
    }

    private func list<Entry>(
        _ module: String, _ decode: (ByteBuffer) throws(WireError) -> [Entry]
    ) async throws -> [Entry] {
        let content = try await dataset(module, "list")
        do throws(WireError) {
            return try decode(content)
        } catch {
            throw failure("read \(module)/list", .malformed)
        }
    }

    /// Registers a route: `rib/register`. `face` 0 is this connection.
    ///
    /// NFD says 200 before the route is in its table, and also for a face that does not exist (docs/protocol.md 8.5): whoever
    /// names a face checks it with `faces()` before, and with `routes()` after.
    /// - Returns: the face's number.
    @discardableResult
    public func register(_ prefix: Name, _ route: RibEntry.Route) async throws -> UInt64 {
        var parameters = ControlParameters(name: prefix)
        if route.faceID != 0 { parameters.faceID = route.faceID }
        parameters.origin = route.origin
        parameters.cost = route.cost
        parameters.flags = route.flags.rawValue
        parameters.expirationPeriod = route.expirationPeriod
        let response = try await execute("rib", "register", parameters, action: "register \(prefix)")
        return response.body?.faceID ?? route.faceID
    }

    /// Removes a route: `rib/unregister`. The origin must be that of the route; that there is no such route is no error.
    public func unregister(_ prefix: Name, face: UInt64, origin: UInt64) async throws {
        var parameters = ControlParameters(name: prefix)
        if face != 0 { parameters.faceID = face }
        parameters.origin = origin
        try await execute("rib", "unregister", parameters, action: "unregister \(prefix)")
    }

    /// A face to `uri`, made if there is none yet: a 409 comes with the FaceId of the face that exists (docs/protocol.md 8.5).
    ///
    /// It is permanent: one over TCP that is not goes with its connection, and the routes over it too.
    ///
    /// - Parameter uri: canonical, with a numeric address: `udp4://192.0.2.1:6363`.
    public func face(to uri: String) async throws -> UInt64 {
        var parameters = ControlParameters()
        parameters.uri = uri
        parameters.facePersistency = FacePersistency.permanent
        let action = "create a face to \(uri)"
        let response = try await execute("faces", "create", parameters, action: action, accepting: [409])
        guard let face = response.body?.faceID else { throw failure(action, .malformed) }
        return face
    }

    /// Ends a face, and the routes over it: `faces/destroy`. That there is no such face is no error.
    public func destroyFace(_ face: UInt64) async throws {
        var parameters = ControlParameters()
        parameters.faceID = face
        try await execute("faces", "destroy", parameters, action: "destroy face \(face)")
    }

    /// Chooses what forwards the Interests below `prefix`: `strategy-choice/set`.
    ///
    /// - Returns: false when the forwarder, as `registry-ndn forwarder`, has one strategy for all prefixes, which this one is.
    @discardableResult
    public func setStrategy(_ strategy: Name, for prefix: Name) async throws -> Bool {
        var parameters = ControlParameters(name: prefix)
        parameters.strategy = strategy
        let action = "set the strategy of \(prefix) to \(strategy)"
        let response = try await execute("strategy-choice", "set", parameters, action: action)
        return !response.text.contains(CommandError.oneStrategy)
    }

    /// Goes back to the strategy of the next shorter prefix: `strategy-choice/unset`.
    public func unsetStrategy(of prefix: Name) async throws {
        let action = "unset the strategy of \(prefix)"
        try await execute("strategy-choice", "unset", ControlParameters(name: prefix), action: action)
    }

    /// Whether the whole management is within reach, not only the routes (docs/protocol.md 8.3).
    public var isLocal: Bool { scope == .localhost }

    /// Returns once `rib/list` shows a route, which a forwarder applies only after its 200 (docs/protocol.md 8.5) and shows up
    /// to a second later; throws `CommandError` when it does not within `timeout`. From a forwarder that lists nothing here, at
    /// once.
    public func awaitRoute(
        _ prefix: Name, _ route: RibEntry.Route, timeout: TimeAmount = .seconds(5)
    ) async throws {
        guard isLocal else { return }
        let deadline = NIODeadline.now() + timeout
        repeat {
            let routes = try await routes().first { $0.name == prefix }?.routes ?? []
            if routes.contains(where: { $0.isSame(as: route) }) { return }
            try await Task.sleep(for: .milliseconds(100))
        } while NIODeadline.now() < deadline
        throw failure(
            "register \(prefix)", .rejected(code: 200, text: "but does not list the route to face \(route.faceID)"))
    }

    private func failure(_ action: String, _ reason: CommandError.Reason) -> CommandError {
        CommandError(action: action, uplink: "\(router)", scope: scope, reason: reason)
    }
}

extension RibEntry.Route {
    /// Whether the two differ in nothing but the time that is left.
    fileprivate func isSame(as other: Self) -> Bool {
        (faceID, origin, cost, flags) == (other.faceID, other.origin, other.cost, other.flags)
    }
}
