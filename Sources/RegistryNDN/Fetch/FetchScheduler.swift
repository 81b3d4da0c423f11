package import NIOCore

/// All transfers over one face: they share its window by weighted round robin, so that a small blob never waits for a
/// large one.
///
/// Transfers of one blob, such as containerd's ranges, give half of their turns to the first of them. So they end one after another,
/// and while the next one begins others fill the path. Were all equally fast they would end together: nothing would be on its way
/// then, and whatever the server has yet to read for the next ones would come in one burst.
///
/// Pure, like ``SegmentFetch``: the owner sends what ``nextInterest(now:)`` gives, passes on what arrives, and calls
/// ``advance(now:)`` at ``nextDeadline``.
package struct FetchScheduler {
    /// Interests one transfer sends before the next one's turn: enough for a train of equal-sized packets.
    private static let quantum = 8
    /// The same for one that has few segments left: it is over sooner, and the large ones hardly later.
    private static let smallQuantum = 32

    /// Those under way and those whose readers are not done, each at its ``BlobTransfer/id``.
    private var slots: [BlobTransfer?] = []
    private var nextGroup = 0
    package private(set) var path: FetchPath
    private(set) var isUp: Bool
    /// Transfers that have not ended.
    private(set) var count = 0
    private var turn = 0
    private var left = Self.quantum
    /// Who gets the second half of this turn.
    private var front: BlobTransfer?
    /// Some transfer may have begun that has not asked for its first segments.
    private var mayHaveUrgent = false

    package init(path: FetchPath, isUp: Bool = true) {
        self.path = path
        self.isUp = isUp
    }

    /// Those that were added and not removed.
    var transfers: some Sequence<BlobTransfer> { slots.lazy.compactMap(\.self) }
    /// How many there are.
    package private(set) var transferCount = 0

    /// - Parameter other: a transfer of the same blob.
    package mutating func add(_ transfer: BlobTransfer, beside other: BlobTransfer? = nil) {
        count += 1
        transferCount += 1
        mayHaveUrgent = true
        nextGroup += 1
        let id = slots.firstIndex { $0 == nil } ?? slots.endIndex
        transfer.isScheduled(as: id, group: other?.group ?? nextGroup)
        if id == slots.endIndex { slots.append(transfer) } else { slots[id] = transfer }
    }

    /// A transfer has ended: nothing of it is asked for, and what it has in flight no longer counts.
    package mutating func retire(_ transfer: BlobTransfer) {
        guard transfer.isActive else { return }
        transfer.end()
        path.forget(transfer.segments.ring.inFlight)
        count -= 1
        if front === transfer { front = nil }
    }

    /// Forgets a transfer.
    package mutating func remove(_ transfer: BlobTransfer) {
        retire(transfer)
        slots[transfer.id] = nil
        transferCount -= 1
    }

    /// The next Interest, retransmissions first, if window, pace, demand and face allow one.
    package mutating func nextInterest(now: NIODeadline) -> (transfer: BlobTransfer, interest: SegmentInterest)? {
        guard isUp, count > 0 else { return nil }
        if mayHaveUrgent, let urgent = nextUrgent(now: now) { return urgent }
        guard path.maySend(now: now) else { return nil }
        for _ in 0...slots.count {
            if turn < slots.count, left > 0, let next = nextOfTurn(now: now) {
                left -= 1
                return next
            }
            turn = turn + 1 < slots.count ? turn + 1 : 0
            left = slots[turn]?.segments.isSmall == true ? Self.smallQuantum : Self.quantum
        }
        path.noteIdle()
        return nil
    }

    private mutating func nextOfTurn(now: NIODeadline) -> (transfer: BlobTransfer, interest: SegmentInterest)? {
        guard let own = slots[turn], own.isActive else { return nil }
        if left == Self.quantum / 2 { front = first(beside: own) }
        if left <= Self.quantum / 2, let front, let interest = front.segments.nextInterest(&path, now: now) {
            return (front, interest)
        }
        return own.segments.nextInterest(&path, now: now).map { (own, $0) }
    }

    /// Of the transfers of one blob that have something to ask for, the one that ends first, and of those with the same end the
    /// one that begins first; nil when that is `own`.
    private func first(beside own: BlobTransfer) -> BlobTransfer? {
        var first: BlobTransfer?
        for case let other? in slots where other.group == own.group && other.isActive && other.segments.isAsking {
            if let first, first.segments.turnOrder <= other.segments.turnOrder { continue }
            first = other
        }
        return first === own ? nil : first
    }

    /// The first Interests of a transfer do not wait for the window that others have filled.
    private mutating func nextUrgent(now: NIODeadline) -> (transfer: BlobTransfer, interest: SegmentInterest)? {
        guard path.inFlight < path.maximumWindow else { return nil }
        mayHaveUrgent = false
        for case let transfer? in slots where transfer.isActive && transfer.segments.isBeginning {
            mayHaveUrgent = true
            if transfer.segments.isUrgent, let interest = transfer.segments.nextInterest(&path, now: now) {
                return (transfer, interest)
            }
        }
        return nil
    }

    /// Data for a transfer; see ``SegmentFetch/receive(_:_:now:capacity:)``.
    package mutating func receive(
        _ data: SegmentData, for transfer: BlobTransfer, now: NIODeadline, capacity: (_ chunk: Int) -> Int
    ) -> Bool {
        guard transfer.isActive else { return false }
        let isFirst = transfer.segments.origin == .unanswered
        let isNew = transfer.segments.receive(data, &path, now: now, capacity: capacity)
        if isFirst, transfer.segments.origin == .far { leave(with: transfer) }
        return isNew
    }

    /// A blob that does not come from near, unlike what came before, and nothing else does.
    private mutating func leave(with transfer: BlobTransfer) {
        for case let other? in slots where other.isActive && !other.segments.isOver && other.segments.origin == .near {
            return
        }
        path.leave()
        for case let transfer? in slots where transfer.isActive { transfer.segments.hasArrived() }
    }

    /// - Parameter nonce: of the Interest that came back; nil when it is not known.
    mutating func receiveNack(
        _ reason: NackReason, segment: UInt64, nonce: UInt32?, for transfer: BlobTransfer, now: NIODeadline
    ) {
        guard transfer.isActive else { return }
        transfer.segments.receiveNack(reason, segment: segment, nonce: nonce, &path, now: now)
    }

    /// Data for a transfer is faulty in a way only the owner knows of, such as its signature.
    mutating func refuse(_ segment: UInt64, _ error: FetchError, for transfer: BlobTransfer) {
        guard transfer.isActive else { return }
        transfer.segments.refuse(segment: segment, error, &path)
    }

    /// Octets of a hole; see ``SegmentFetch/fill(_:length:_:now:)``.
    package mutating func fill(
        _ segment: UInt64, length: Int, for transfer: BlobTransfer, now: NIODeadline
    ) -> Bool {
        transfer.isActive && transfer.segments.fill(segment, length: length, &path, now: now)
    }

    /// The face came up, anew.
    package mutating func faceUp(initialWindow: Int, isLocal: Bool = false) {
        isUp = true
        path.reset(initialWindow: initialWindow, isLocal: isLocal)
    }

    /// The face went down: whatever is in flight is lost.
    package mutating func faceDown() {
        isUp = false
        for case let transfer? in slots where transfer.isActive { transfer.segments.loseFlight(&path) }
    }

    /// Losses and ends by the clock, for all fetches. To be called after each batch of packets and at ``nextDeadline``.
    package mutating func advance(now: NIODeadline) {
        for case let transfer? in slots where transfer.isActive {
            transfer.segments.advance(&path, isUp: isUp, now: now)
        }
    }

    /// When ``advance(now:)`` has something to do, if nothing arrives before; nil without transfers. To be asked after all
    /// Interests that may leave now have been pulled.
    package func nextDeadline(now: NIODeadline) -> NIODeadline? {
        var next: NIODeadline?
        for case let transfer? in slots where transfer.isActive && !transfer.segments.isOver {
            let deadline = transfer.segments.nextDeadline(path, isUp: isUp, now: now)
            next = min(next ?? deadline, deadline)
        }
        guard isUp, let some = next else { return next }
        return path.nextTrain().map { min(some, $0) } ?? some
    }
}
