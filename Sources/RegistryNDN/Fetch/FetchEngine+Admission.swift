import NIOCore

/// Readers who wait until there is memory for them.
struct Admission {
    struct Waiting {
        let until: NIODeadline
        let reader: ChunkQueue
        let begin: () -> Void
    }

    /// What a blob in flight costs at the least, however small its share of the budget is: a slab that is being filled and one
    /// that goes out.
    static let least = 256 << 10
    /// What a reader who has taken octets and not come back holds beside them: they wait in the buffer of its connection.
    static let outside = 256 << 10
    /// How often it is looked whether there is room: readers do not tell when a connection has taken their octets.
    static let interval = TimeAmount.milliseconds(100)

    var waiting: [Waiting] = []
    var isAdmitting = false
}

extension FetchEngine {
    /// Begins at once when there is room for one more blob in flight; else when there is, or fails with
    /// ``FetchError/busy`` when that takes longer than ``FetchConfiguration/admissionTimeout``.
    ///
    /// - Parameter begin: ends with a call of ``settle()``.
    func admit(_ reader: ChunkQueue, _ begin: @escaping () -> Void) {
        if admission.waiting.isEmpty, hasRoom { return begin() }
        admission.waiting.append(
            Admission.Waiting(until: .now() + configuration.admissionTimeout, reader: reader, begin: begin))
        settle()
    }

    /// Lets those in for whom there is room now, first come first served, and gives up on those who waited too long.
    func admitWaiting(now: NIODeadline) {
        // Who is let in settles everything, and comes back here.
        guard !admission.isAdmitting, !admission.waiting.isEmpty else { return }
        admission.isAdmitting = true
        defer { admission.isAdmitting = false }
        admission.waiting.removeAll { waiting in
            if waiting.reader.isOver { return true }
            guard now >= waiting.until else { return false }
            waiting.reader.finish(.failure(.busy), statistics: FetchStatistics())
            return true
        }
        while !admission.waiting.isEmpty, hasRoom { admission.waiting.removeFirst().begin() }
    }

    /// When to look again.
    func nextAdmission(now: NIODeadline) -> NIODeadline? {
        admission.waiting.isEmpty ? nil : now + Admission.interval
    }

    /// One blob has room, whatever the budget is.
    private var hasRoom: Bool {
        guard !fetches.isEmpty else { return true }
        let used = fetches.reduce(0) { $0 + Admission.least + $1.heldOutside }
        return used + Admission.least <= configuration.memoryBudget
    }

    func refuseWaiting() {
        for waiting in admission.waiting { waiting.reader.finish(.failure(.cancelled), statistics: FetchStatistics()) }
        admission.waiting = []
    }
}

extension BlobFetch {
    /// Octets that its readers took, and that may not have left yet.
    var heldOutside: Int {
        audienceHere.reduce(0) { sum, reader in
            let held = reader.held
            return held == 0 ? sum : sum + held + Admission.outside
        }
    }
}
