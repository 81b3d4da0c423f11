public import NIOCore

/// A program's end of one face: asks for Data by name, and answers Interests. Confined to the face's event loop.
///
/// Whatever arrives is offered to the handlers; what `express` waits for goes to its future. Packets are slices of the
/// receive buffer: what is kept for long is to be copied.
public final class Endpoint: FaceDelegate {
    public let face: Face
    /// Interests of the peer. The `LinkFields` hold the PIT token that the answer must carry: `LinkFields.reply`.
    public var interestHandler: ((Interest, LinkFields, Face) -> Void)?
    /// Data is offered here first; true says that it is taken.
    public var segmentHandler: ((DataPacket, LinkFields) -> Bool)?
    /// Nacks are offered here first; true says that it is taken.
    public var nackHandler: ((NackReason, Interest) -> Bool)?
    /// The packets of one wake-up have been handled; what is sent here leaves at once.
    public var batchEnded: (() -> Void)?
    /// The face came up, went down or was closed.
    public var onStateChange: ((FaceState) -> Void)?

    private struct Waiter {
        let promise: EventLoopPromise<DataPacket>
        /// To transmit again with a new nonce; nil when the packet is sent once.
        let builder: InterestBuilder?
        let lifetime: TimeAmount
        var retransmissions: Int
    }

    private var pending = PendingInterests<Waiter>()
    private let timer: DeadlineTimer

    /// Becomes the delegate of `face`, and keeps it.
    public init(face: Face) {
        self.face = face
        timer = DeadlineTimer(on: face.eventLoop)
        face.delegate = self
        timer.onDeadline = { [weak self] in self?.expire() }
    }

    /// Interests that wait for an answer.
    public var pendingCount: Int { pending.count }

    /// Sends an Interest and waits for its Data; after each lifetime without an answer it is sent again with a new nonce,
    /// `retransmissions` times.
    ///
    /// - Returns: the first Data that satisfies it; fails with `ExpressError`.
    public func express(_ interest: InterestBuilder, retransmissions: Int = 0) -> EventLoopFuture<DataPacket> {
        var builder = interest
        let nonce = builder.nonce ?? Endpoint.randomNonce()
        builder.nonce = nonce
        guard let packet = try? builder.encode() else {
            return face.eventLoop.makeFailedFuture(ExpressError.malformed)
        }
        let waiter = Waiter(
            promise: face.eventLoop.makePromise(), builder: builder, lifetime: builder.lifetime,
            retransmissions: retransmissions)
        transmit(packet, name: builder.name, canBePrefix: builder.canBePrefix, nonce: nonce, waiter: waiter)
        return waiter.promise.futureResult
    }

    /// Sends an Interest that is encoded already (a signed command) once, and waits for its Data.
    public func express(_ interest: Interest) -> EventLoopFuture<DataPacket> {
        let nonce = interest.nonce ?? Endpoint.randomNonce()
        let packet = interest.nonce == nil ? interest.with(nonce: nonce, hopLimit: interest.hopLimit) : interest.wire
        let waiter = Waiter(
            promise: face.eventLoop.makePromise(), builder: nil, lifetime: interest.lifetime, retransmissions: 0)
        transmit(packet, name: interest.name, canBePrefix: interest.canBePrefix, nonce: nonce, waiter: waiter)
        return waiter.promise.futureResult
    }

    /// Closes the face; whatever waits fails with `ExpressError.faceDown`.
    public func close() {
        face.close()
    }

    static func randomNonce() -> UInt32 {
        UInt32.random(in: .min ... .max)
    }

    private func transmit(_ packet: ByteBuffer, name: Name, canBePrefix: Bool, nonce: UInt32, waiter: Waiter) {
        face.eventLoop.preconditionInEventLoop()
        guard face.state == .up else { return waiter.promise.fail(ExpressError.faceDown) }
        pending.insert(
            name: name, canBePrefix: canBePrefix, nonce: nonce, deadline: face.eventLoop.now + waiter.lifetime,
            waiter: waiter)
        face.send(packet)
        if !face.isInBatch { face.flush() }
        timer.schedule(at: pending.earliestDeadline)
    }

    private func expire() {
        for entry in pending.expire(now: face.eventLoop.now) {
            retransmit(entry)
        }
        timer.schedule(at: pending.earliestDeadline)
    }

    private func retransmit(_ entry: PendingInterests<Waiter>.Entry) {
        var waiter = entry.waiter
        guard waiter.retransmissions > 0, var builder = waiter.builder else {
            return waiter.promise.fail(ExpressError.timeout)
        }
        waiter.retransmissions -= 1
        let nonce = Endpoint.randomNonce()
        builder.nonce = nonce
        guard let packet = try? builder.encode() else { return waiter.promise.fail(ExpressError.malformed) }
        transmit(packet, name: entry.name, canBePrefix: entry.canBePrefix, nonce: nonce, waiter: waiter)
    }
}

extension Endpoint {
    public func face(_ face: Face, received interest: Interest, _ fields: LinkFields) {
        interestHandler?(interest, fields, face)
    }

    public func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) {
        if segmentHandler?(data, fields) == true { return }
        let answered = pending.satisfy(data.name) {
            try? NameComponent(
                type: NameComponent.implicitDigestType, value: ByteBuffer(bytes: data.implicitDigest.bytes))
        }
        for entry in answered {
            entry.waiter.promise.succeed(data)
        }
    }

    public func face(_ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields) {
        if nackHandler?(reason, interest) == true { return }
        guard let nonce = interest.nonce, let entry = pending.reject(interest.name, nonce: nonce) else { return }
        entry.waiter.promise.fail(ExpressError.nack(reason))
    }

    public func faceBatchEnded(_ face: Face) {
        batchEnded?()
    }

    public func face(_ face: Face, changed state: FaceState) {
        if state != .up {
            for entry in pending.removeAll() {
                entry.waiter.promise.fail(ExpressError.faceDown)
            }
        }
        onStateChange?(state)
    }
}

extension InterestBuilder {
    /// How long an answer is waited for.
    var lifetime: TimeAmount {
        // Long enough for anyone, and far from overflowing the clock.
        .milliseconds(Int64(min(lifetimeMilliseconds ?? 4000, 3_600_000)))
    }
}
