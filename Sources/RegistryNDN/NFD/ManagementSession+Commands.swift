public import NIOCore

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

    /// Chooses what forwards the Interests below `prefix`: `strategy-choice/set`.
    public func setStrategy(_ strategy: Name, for prefix: Name) async throws {
        var parameters = ControlParameters(name: prefix)
        parameters.strategy = strategy
        let action = "set the strategy of \(prefix) to \(strategy)"
        try await execute("strategy-choice", "set", parameters, action: action)
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
