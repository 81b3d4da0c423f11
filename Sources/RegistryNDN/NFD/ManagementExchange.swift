internal import NIOCore

/// Commands to the forwarder at the other end of a face, and its datasets. Confined to the face's event loop.
final class ManagementExchange {
    let endpoint: Endpoint
    let signer: Signer
    /// Told when the face is lost or closed, once the endpoint has this exchange among its delegates.
    var onDown: (() -> Void)?
    private let clock: CommandClock
    private let certificates: ServedPackets

    /// - Parameter certificates: those of the signer, which the forwarder may ask for (docs/protocol.md 8.8).
    init(
        endpoint: Endpoint, signer: Signer, clock: CommandClock, certificates: ServedPackets = ServedPackets([])
    ) {
        self.endpoint = endpoint
        self.signer = signer
        self.clock = clock
        self.certificates = certificates
    }

    /// `/localhost` reaches a forwarder over local faces alone (docs/protocol.md 8.3).
    var scope: ManagementScope { endpoint.face.isLocal ? .localhost : .localhop }

    private var loop: any EventLoop { endpoint.face.eventLoop }

    /// Sends a command once, with a time and nonce of its own; fails with `CommandError.Reason` unless it is carried out.
    ///
    /// - Parameters:
    ///   - signer: another one than usual; nil: the usual one.
    ///   - ahead: milliseconds that its time is ahead of the clock.
    ///   - lifetime: milliseconds to wait for the answer.
    func execute(
        _ module: String, _ verb: String, _ parameters: ControlParameters, signer: Signer? = nil, ahead: UInt64 = 0,
        lifetime: UInt64? = nil
    ) -> EventLoopFuture<ControlResponse> {
        let command = ManagementCommand(scope: scope, module: module, verb: verb, parameters: parameters)
        guard
            let interest = try? command.signed(
                by: signer ?? self.signer, clock: clock, ahead: ahead, lifetime: lifetime)
        else {
            return loop.makeFailedFuture(CommandError.Reason.malformed)
        }
        return endpoint.express(interest).flatMapErrorThrowing { throw CommandError.Reason($0) }
            .flatMapThrowing { data in
                guard let response = try? ControlResponse(decoding: data.content) else {
                    throw CommandError.Reason.malformed
                }
                return response
            }
    }

    /// Fetches a status dataset; fails with `CommandError.Reason`.
    ///
    /// - Returns: its content, and the forwarder's clock when it was made, if its version tells.
    func dataset(
        _ module: String, _ verb: String, lifetime: UInt64? = nil
    ) -> EventLoopFuture<(content: ByteBuffer, clock: UInt64?)> {
        let name = scope.prefix.appending(.generic(module)).appending(.generic(verb))
        let fetch = DatasetFetch(endpoint: endpoint, name: name, lifetime: lifetime ?? 2000)
        return fetch.start()
    }

    /// Milliseconds that this machine's clock is ahead of the forwarder's; nil when the forwarder does not tell.
    func clockAhead() -> EventLoopFuture<Int64?> {
        dataset("rib", "list", lifetime: 1000)
            .map { Self.difference(from: $0.clock, now: WallClock.milliseconds()) }
            .flatMapErrorThrowing { _ in nil }
    }

    /// A version that is no time in milliseconds tells nothing.
    static func difference(from clock: UInt64?, now: UInt64) -> Int64? {
        // 2001 to 2286.
        guard let clock, (1_000_000_000_000..<10_000_000_000_000).contains(clock) else { return nil }
        return Int64(clamping: now) - Int64(clock)
    }

    /// What a person is told of a failure; a 403 is looked into first.
    ///
    /// - Parameter isOfServer: whether it is a server's prefix.
    func explain(
        _ action: String, _ reason: CommandError.Reason, isOfServer: Bool = false
    ) -> EventLoopFuture<CommandError> {
        var error = CommandError(
            action: action, uplink: "\(endpoint.face.remote)", scope: scope, reason: reason, key: signer.keyName)
        error.isOfServer = isOfServer
        guard case .rejected(403, _) = reason else { return loop.makeSucceededFuture(error) }
        let setBack = clock.setBack()
        return clockAhead().map { [error] ahead in
            var error = error
            error.clockAhead = ahead
            error.clockSetBack = setBack
            return error
        }
    }
}

extension ManagementExchange: FaceDelegate {
    func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
        certificates.answer(interest, fields, on: face)
    }

    func face(_ face: Face, changed state: FaceState) {
        if state != .up { onDown?() }
    }
}

extension Signer {
    /// The name in the KeyLocator; nil without a key.
    var keyName: Name? {
        guard case .name(let name)? = signatureInfo.keyLocator else { return nil }
        return name
    }
}
