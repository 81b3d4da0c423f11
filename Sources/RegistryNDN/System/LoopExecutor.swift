package import NIOCore

/// Runs tasks on an event loop, so that what a task awaits of that loop wakes no other thread.
///
/// For tasks that wait most of the time and never block: they hold up whatever else the loop does.
package final class LoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
