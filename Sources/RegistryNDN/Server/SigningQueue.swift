import DequeModule

/// Packets that wait for a key's signature: first those that Interests ask for, then, while the workers have nothing better to
/// do, up to 32 packets behind the last one asked for. Confined to the server's event loop.
struct SigningQueue {
    struct Job {
        let range: CachedRange
        let index: Int
    }

    /// Packets that are signed ahead for one Interest, at most: it costs no more signatures than these and its own.
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

    init(workers: Int) { self.workers = workers }

    /// An Interest for a packet that has arrived and is not signed.
    mutating func ask(_ range: CachedRange, _ index: Int, _ waiter: Waiter) {
        guard waiters < Self.maximumWaiters else { return }
        waiters += 1
        let isNew = range.signing[index] == nil
        range.signing[index, default: []].append(waiter)
        if isNew { asked.append(Job(range: range, index: index)) }
        askAhead(range, index)
    }

    /// Has the packets behind one signed, where the range is read in order: an Interest out of the blue costs its own signature
    /// alone.
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
        // What is asked for is shared among the workers that have nothing to do.
        let idle = max(1, workers - busy)
        let share = min(Self.batch, (asked.count + idle - 1) / idle)
        while jobs.count < share, let job = asked.popFirst() { append(job, to: &jobs) }
        // Packets that are signed ahead never delay those asked for: a worker gets them only when it has no other batch.
        if jobs.isEmpty, busy < workers {
            while jobs.count < Self.batch, let job = spare.popFirst() { append(job, to: &jobs) }
        }
        guard !jobs.isEmpty else { return nil }
        busy += 1
        return jobs
    }

    private func append(_ job: Job, to jobs: inout [Job]) {
        // A range that has left the cache needs no signatures.
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
        // Interests that waited for ranges which left the cache are not counted out one by one.
        if busy == 0, asked.isEmpty { waiters = 0 }
    }
}
