import NDNSimulation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// A queue, ranges whose octets have all arrived, and workers that sign when told to.
private struct SigningScript {
    var queue: SigningQueue
    /// `face:index` of every answer.
    private(set) var answers: [String] = []
    /// Indexes in the order of being signed.
    private(set) var signed: [Int] = []
    private var batches: [[SigningQueue.Job]] = []
    private let key: PrivateKey
    private let trailer: SegmentTrailer
    private let blob: CachedBlob

    init(workers: Int = 2) throws {
        queue = SigningQueue(workers: workers)
        key = try PrivateKey.generateP256()
        trailer = try #require(SegmentTrailer(key, locator: Name(uri: "/example/docker/KEY/k")))
        let name = ServerSlabTests.name
        blob = CachedBlob(name: name, blob: try #require(BlobName(parsing: name)), fetchChunks: 512)
    }

    /// `arrived` of `count` segments of 10 octets.
    func range(_ count: Int, arrived: Int? = nil) throws -> CachedRange {
        let range = CachedRange(id: 1, blob: blob, firstSegment: 0, count: count, isTail: false)
        let shape = BlobShape(size: UInt64(count * 10), chunk: 10)
        let layout = try SlabLayout(name: blob.name, shape: shape, firstSegment: 0, count: count, trailer: trailer)
        var filler = SlabFiller(layout)
        var slab = PacketSlab(layout)
        let filled = filler.fill(ByteBuffer(repeating: 7, count: (arrived ?? count) * 10))
        slab.take(filled)
        range.slab = slab
        return range
    }

    mutating func ask(_ range: CachedRange, _ index: Int, face: UInt64 = 1) {
        queue.ask(range, index, Waiter(face: face, pitToken: nil, expires: .distantFuture))
    }

    /// Hands what is due to workers that are free; the indexes of each batch.
    mutating func start() -> [[Int]] {
        var started: [[Int]] = []
        while let jobs = queue.next() {
            batches.append(jobs)
            started.append(jobs.map(\.index))
        }
        return started
    }

    /// The worker that has been at it longest is done.
    mutating func finish() throws {
        let jobs = batches.removeFirst()
        for job in jobs {
            let digest = try #require(job.range.slab?.digest(of: job.index))
            let signature = KeyContext(signing: key)?.sign(digest)
            job.range.slab?.sign(job.index, try #require(signature))
            signed.append(job.index)
        }
        var answers = answers
        queue.done(jobs) { job, waiter in answers.append("\(waiter.face):\(job.index)") }
        self.answers = answers
    }

    /// Until nothing is left to be signed.
    mutating func drain() throws {
        _ = start()
        while !batches.isEmpty {
            try finish()
            _ = start()
        }
    }
}

@Suite("Server: signatures made ahead") struct SigningQueueTests {
    @Test("An Interest out of the blue costs its own signature", arguments: [0, 1, 100, 511])
    func alone(index: Int) throws {
        var script = try SigningScript()
        let range = try script.range(512)
        script.ask(range, index)
        try script.drain()
        #expect(script.signed == [index] && script.answers == ["1:\(index)"])
        let data = try ServerSlabTests.packets(try #require(range.slab), index...index)
        #expect(data.first?.signature.type == SignatureType.sha256WithECDSA)
    }

    @Test("Whoever reads in order finds at most 32 signed past the highest segment asked for, each signed once")
    func ahead() throws {
        var script = try SigningScript()
        let range = try script.range(512)
        for index in 0..<512 {
            if !range.isReady(index) { script.ask(range, index) }
            let before = script.signed.count
            try script.drain()
            #expect(script.signed.count - before <= 1 + SigningQueue.ahead)
            #expect((script.signed.max() ?? 0) <= index + SigningQueue.ahead)
            #expect(range.isReady(index))
        }
        #expect(script.signed.sorted() == Array(0..<512))
    }

    @Test("Interests in any order never sign more than 32 past the highest, nor anything twice", arguments: 0..<20)
    func anyOrder(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var script = try SigningScript(workers: Int.random(in: 1...4, using: &random))
        let range = try script.range(300, arrived: 280)
        var highest = 0
        for _ in 0..<120 {
            let index = Bool.random(using: &random) ? min(highest + 1, 279) : Int.random(in: 0..<280, using: &random)
            highest = max(highest, index)
            if !range.isReady(index) { script.ask(range, index) }
            if Bool.random(using: &random) { try script.drain() }
        }
        try script.drain()
        #expect(script.signed.count == Set(script.signed).count)
        #expect((script.signed.max() ?? 0) <= min(highest + SigningQueue.ahead, 279))
    }

    @Test("Who asks again for what is being signed waits for the same signature")
    func shared() throws {
        var script = try SigningScript()
        let range = try script.range(10)
        script.ask(range, 3, face: 1)
        #expect(script.start() == [[3]])
        script.ask(range, 3, face: 2)
        #expect(script.start().isEmpty)
        try script.finish()
        #expect(script.answers == ["1:3", "2:3"] && script.signed == [3])
    }

    @Test("What is asked for goes before what is ahead, which needs a worker with nothing else to do")
    func order() throws {
        var script = try SigningScript(workers: 1)
        let (range, other) = (try script.range(100), try script.range(100))
        script.ask(range, 0)
        #expect(script.start() == [[0]])
        script.ask(range, 1)
        // Asked for: although the one worker is busy, it finds the next batch waiting.
        #expect(script.start() == [[1]])
        for index in [50, 60, 70] { script.ask(other, index) }
        #expect(script.start().isEmpty, "two batches a worker are enough")
        try script.finish()
        #expect(script.start() == [[50, 60, 70]])
        try script.finish()
        try script.finish()
        #expect(script.start() == [Array(2..<18)])
        try script.drain()
        #expect(script.signed.count == 5 + 32)
    }

    @Test("Workers that have nothing to do share what is asked for")
    func sharedAmongWorkers() throws {
        var script = try SigningScript(workers: 3)
        let range = try script.range(100)
        for index in stride(from: 0, to: 14, by: 2) { script.ask(range, index) }
        #expect(script.start() == [[0, 2, 4], [6, 8], [10, 12]])
        for index in stride(from: 20, to: 60, by: 2) { script.ask(range, index) }
        #expect(script.start().map(\.count) == [SigningQueue.batch, 4])
    }

    @Test("What has left the cache is not signed")
    func evicted() throws {
        var script = try SigningScript(workers: 1)
        let range = try script.range(100)
        script.ask(range, 0)
        script.ask(range, 1)
        range.slab = nil
        #expect(script.start().isEmpty)
    }

    @Test("What has not arrived is not signed ahead")
    func notArrived() throws {
        var script = try SigningScript()
        let range = try script.range(100, arrived: 5)
        script.ask(range, 0)
        script.ask(range, 1)
        try script.drain()
        #expect(script.signed.sorted() == Array(0..<5))
    }
}
