import DequeModule

/// Packets that wait for a key's signature: those asked for first, then, while the workers have nothing better to do, up to
/// 32 past the highest one asked for. Confined to the server's event loop.
struct SigningQueue {
    struct Job {
        let range: CachedRange
        let index: Int
    }

    /// Segments that are signed beyond the highest one asked for, at most: one Interest never costs more signatures than these
    /// and its own.
    static let ahead = 32
    /// Packets given to a worker at a time, at most.
    static let batch = 16
    /// Interests that may wait for signatures.
    static let maximumWaiters = 65_536

    private var asked: Deque<Job> = []
    private var spare: Deque<Job> = []
    private var waiters = 0
    private var busy = 0
    private let workers: Int

    init(workers: Int) {
        self.workers = workers
    }

    /// An Interest for a packet that has arrived and is not signed.
    mutating func ask(_ range: CachedRange, _ index: Int, _ waiter: Waiter) {
        guard waiters < Self.maximumWaiters else { return }
        waiters += 1
        let isNew = range.signing[index] == nil
        range.signing[index, default: []].append(waiter)
        if isNew { asked.append(Job(range: range, index: index)) }
        askAhead(range, index)
    }

    /// Only of a range that is read in order: an Interest out of the blue costs its own signature.
    private mutating func askAhead(_ range: CachedRange, _ index: Int) {
        guard index > 0, range.isReady(index - 1) || range.signing[index - 1] != nil, spare.count < Self.ahead else {
            return
        }
        for next in (index + 1)..<(index + 1 + Self.ahead) where next < range.count {
            guard range.hasArrived(next) else { return }
            if range.isReady(next) || range.signing[next] != nil { continue }
            range.signing[next] = []
            spare.append(Job(range: range, index: next))
        }
    }

    /// Packets for one worker that is free; nil when none is, or nothing is to be signed. To be asked until nil.
    mutating func next() -> [Job]? {
        guard busy < 2 * workers else { return nil }
        var jobs: [Job] = []
        // Shared among the workers that have nothing to do.
        let idle = max(1, workers - busy)
        let share = min(Self.batch, (asked.count + idle - 1) / idle)
        while jobs.count < share, let job = asked.popFirst() { append(job, to: &jobs) }
        // What is ahead never delays what is asked for: only when at most one batch is on its way.
        if jobs.isEmpty, busy < workers {
            while jobs.count < Self.batch, let job = spare.popFirst() { append(job, to: &jobs) }
        }
        guard !jobs.isEmpty else { return nil }
        busy += 1
        return jobs
    }

    private func append(_ job: Job, to jobs: inout [Job]) {
        // Not of a range that has left the cache.
        if job.range.signing[job.index] != nil, job.range.slab != nil { jobs.append(job) }
    }

    /// A worker has signed a batch. Calls `answer` for every Interest that waits for one of the packets.
    mutating func done(_ jobs: [Job], answer: (Job, Waiter) -> Void) {
        busy -= 1
        for job in jobs {
            for waiter in job.range.signing.removeValue(forKey: job.index) ?? [] {
                waiters = max(0, waiters - 1)
                answer(job, waiter)
            }
        }
        // Those of ranges that left the cache are not counted one by one.
        if busy == 0, asked.isEmpty { waiters = 0 }
    }
}
