import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Writes lines to a descriptor on a thread of its own, so that nobody waits for whoever reads them.
///
/// The descriptor's flags stay as they are: it may be a terminal or a pipe that other programs share, which would find it
/// non-blocking. A line is one `write(2)`, so that lines of several programs do not mix. Lines that find no room are dropped
/// and counted.
final class LogWriter: Sendable {
    /// How long a program that ends waits until its last lines are written, in milliseconds.
    private static let patience: CInt = 1000
    /// The one that is flushed when the program ends.
    private static let flushed = Mutex<LogWriter?>(nil)

    private let descriptor: CInt
    private let gapLine: @Sendable (Int) -> [UInt8]
    private let queue = Mutex(LogQueue())
    private let thread = NIOThreadPool(numberOfThreads: 1)

    /// - Parameter gapLine: The line that stands for a number of lines that were dropped.
    init(descriptor: CInt, gapLine: @escaping @Sendable (Int) -> [UInt8]) {
        self.descriptor = descriptor
        self.gapLine = gapLine
        // A reader that went away is no reason to end.
        signal(SIGPIPE, SIG_IGN)
        thread.start()
    }

    func write(_ line: [UInt8]) {
        guard queue.withLock({ $0.append(line) }) else { return }
        thread.submit { _ in self.drain() }
    }

    /// Sees to it that what waits when the program ends is written, if somebody reads it.
    func flushAtExit() {
        let isFirst = Self.flushed.withLock { writer in
            defer { writer = self }
            return writer == nil
        }
        guard isFirst else { return }
        atexit { LogWriter.flushed.withLock { $0 }?.flush() }
    }

    private func flush() {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return }
        let (reading, writing) = (ends[0], ends[1])
        // The thread does one thing after the other, so this comes after what it writes.
        thread.submit { _ in close(writing) }
        var wanted = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&wanted, 1, Self.patience)
    }

    private func drain() {
        while let item = queue.withLock({ $0.next() }) {
            let isWritten =
                switch item {
                case .line(let line): deliver(line)
                case .gap(let count): deliver(gapLine(count))
                }
            guard isWritten else { return queue.withLock { $0.failed(item) } }
        }
    }

    /// Writes all of it, however long that takes; false when it fails, as on a full disk or when nobody can read it.
    private func deliver(_ line: [UInt8]) -> Bool {
        var rest = line[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Another program has made it non-blocking.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&wanted, 1, -1)
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}
