package import NIOCore

/// One timer of an event loop for an owner that has many deadlines, of which only the earliest matters. Confined to its event
/// loop.
///
/// The owner calls `schedule` with its earliest deadline as often as it likes: a timer is set only for one that comes before
/// the one set already. The timer may therefore fire in vain, when its deadline is none any more, and the owner looks at the
/// clock each time.
package final class DeadlineTimer {
    /// Called when the deadline has come; by then no timer is set. The timer keeps what the handler keeps, until `cancel`.
    package var onDeadline: (() -> Void)?
    private let eventLoop: any EventLoop
    private var scheduled: Scheduled<Void>?
    /// When the timer fires; `distantFuture` while none is set.
    private var earliest = NIODeadline.distantFuture

    package init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Sees to it that the timer fires at `deadline` or before; nil asks for nothing.
    package func schedule(at deadline: NIODeadline?) {
        guard let deadline, deadline < earliest, onDeadline != nil else { return }
        scheduled?.cancel()
        earliest = deadline
        scheduled = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            (scheduled, earliest) = (nil, .distantFuture)
            onDeadline?()
        }
    }

    /// The timer fires no more, and lets go of its handler.
    package func cancel() {
        scheduled?.cancel()
        (scheduled, earliest, onDeadline) = (nil, .distantFuture, nil)
    }
}
