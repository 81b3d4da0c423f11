import NIOCore

/// The streams of reads of one producer: starts them, hands each its reads as its `StreamPlan` says, and ends those that are
/// parked for too long. Confined to the producer's event loop.
final class ReadStreams {
    private let eventLoop: any EventLoop
    private let start: (Int) -> Void
    private var plan: StreamPlan
    private var parked: [Int: EventLoopPromise<StreamPlan.Assignment?>] = [:]
    private var timer: Scheduled<Void>?

    /// - Parameter start: Performs the reads of a stream, which it asks for with `next` until there is none.
    init(_ configuration: StreamPlan.Configuration, on eventLoop: any EventLoop, start: @escaping (Int) -> Void) {
        self.eventLoop = eventLoop
        self.start = start
        plan = StreamPlan(configuration)
    }

    /// Streams there are, parked ones included.
    var count: Int { plan.count }

    /// Has a read performed; true when it takes a new stream.
    func add(_ read: OriginRead) -> Bool {
        switch plan.assign(read) {
        case .join(let id):
            guard let promise = parked.removeValue(forKey: id) else { return false }
            // A stream is parked only with a body, which is where this read begins.
            settle(id, plan.next(id, at: read.range.offset, now: eventLoop.now), promise)
            return false
        case .open(let id, let closing):
            end(closing)
            start(id)
            return true
        }
    }

    /// The next read of a stream, once there is one; nil when the stream ends.
    ///
    /// - Parameters:
    ///   - position: the offset in the blob of the byte that the stream's body gives next; nil without a body.
    ///   - isAwaited: whether a read is of use still; others are passed over.
    func next(
        _ id: Int, at position: UInt64?, isAwaited: (OriginRead) -> Bool
    ) -> EventLoopFuture<StreamPlan.Assignment?> {
        let promise = eventLoop.makePromise(of: StreamPlan.Assignment?.self)
        var step = plan.next(id, at: position, now: eventLoop.now)
        while case .perform(let assignment) = step, !isAwaited(assignment.read) {
            step = plan.next(id, at: position, now: eventLoop.now)
        }
        settle(id, step, promise)
        return promise.futureResult
    }

    /// The registry ignores Range: all reads of the blob go over this stream from now on.
    func noteIgnoredRange(_ id: Int) { plan.noteIgnoredRange(id) }

    /// Ends the parked streams; from now on a stream without a read ends at once.
    func close() {
        timer?.cancel()
        timer = nil
        end(plan.close())
    }

    private func settle(_ id: Int, _ step: StreamPlan.Step, _ promise: EventLoopPromise<StreamPlan.Assignment?>) {
        switch step {
        case .perform(let assignment): promise.succeed(assignment)
        case .end: promise.succeed(nil)
        case .wait:
            parked[id] = promise
            armTimer()
        }
    }

    private func end(_ ids: [Int]) {
        for id in ids { parked.removeValue(forKey: id)?.succeed(nil) }
    }

    private func armTimer() {
        guard timer == nil, let expiry = plan.expiry else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: expiry) { [weak self] in
            guard let self else { return }
            timer = nil
            end(plan.expire(now: eventLoop.now))
            armTimer()
        }
    }
}
