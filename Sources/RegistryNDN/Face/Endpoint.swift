public import NIOCore

/// A program's end of one face: asks for Data by name, and hands what else arrives to those who want it. Confined to the
/// face's event loop.
///
/// A packet is offered to the delegates in the order in which they were added, until one takes it. Data and Nacks that none has
/// taken complete the futures of `express`.
public final class Endpoint: FaceDelegate {
    /// The face; its state and counters are read there.
    public let face: Face
    private var delegates: [any FaceDelegate] = []

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

    /// Offers packets to one more delegate, after all others, and keeps it until the face is closed or `remove` is called.
    public func add(_ delegate: any FaceDelegate) {
        delegates.append(delegate)
    }

    /// Offers packets to this delegate no more, and lets go of it.
    public func remove(_ delegate: any FaceDelegate) {
        delegates.removeAll { $0 === delegate }
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
    public func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
        delegates.contains { $0.face(face, received: interest, fields) }
    }

    public func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool {
        if delegates.contains(where: { $0.face(face, received: data, fields) }) { return true }
        let answered = pending.satisfy(data.name) { .implicitDigest(data.implicitDigest) }
        for entry in answered {
            entry.waiter.promise.succeed(data)
        }
        return !answered.isEmpty
    }

    public func face(
        _ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields
    ) -> Bool {
        if delegates.contains(where: { $0.face(face, receivedNack: reason, for: interest, fields) }) { return true }
        guard let nonce = interest.nonce, let entry = pending.reject(interest.name, nonce: nonce) else { return false }
        entry.waiter.promise.fail(ExpressError.nack(reason))
        return true
    }

    public func faceBatchEnded(_ face: Face) {
        for delegate in delegates { delegate.faceBatchEnded(face) }
    }

    public func face(_ face: Face, changed state: FaceState) {
        if state != .up {
            for entry in pending.removeAll() {
                entry.waiter.promise.fail(ExpressError.faceDown)
            }
        }
        for delegate in delegates { delegate.face(face, changed: state) }
        if state == .closed { delegates = [] }
    }
}

extension InterestBuilder {
    /// How long an answer is waited for.
    var lifetime: TimeAmount {
        // Long enough for anyone, and far from overflowing the clock.
        .milliseconds(Int64(min(lifetimeMilliseconds ?? 4000, 3_600_000)))
    }
}
