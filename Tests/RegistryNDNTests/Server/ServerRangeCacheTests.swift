import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ServerRangeCacheTests {
    /// A cache of ranges of 4 segments of 100 octets, and a clock.
    struct Script {
        static let prefix = try! Name(uri: "/example/docker")
        var cache: RangeCache
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        /// `face:segment` of every answer.
        var answers: [String] = []

        init(capacity: Int = 1 << 20, concurrency: Int = 4, readBuffer: Int = 0) {
            var configuration = RangeCache.Configuration(prefix: Self.prefix)
            configuration.chunkSize = 100
            configuration.fetchChunks = 4
            configuration.capacity = capacity
            configuration.concurrency = concurrency
            configuration.readBuffer = readBuffer
            cache = RangeCache(configuration)
        }

        static func name(_ blob: String = "a", repository: String = "demo/app") -> Name {
            BlobName(
                prefix: prefix, repository: RepositoryName(repository)!,
                digest: ContentDigest(sha256: SHA256.hash(ByteBuffer(string: blob)))
            ).name
        }

        /// What an Interest meets, in a word.
        mutating func ask(
            _ segment: UInt64, of blob: String = "a", face: UInt64 = 1, lifetime: Int64 = 4000,
            repository: String = "demo/app"
        ) -> String {
            let waiter = Waiter(face: face, pitToken: nil, expires: now + .milliseconds(lifetime))
            return Self.word(
                cache.segment(segment, of: Self.name(blob, repository: repository), waiter: waiter, now: now))
        }

        mutating func exists(
            _ blob: String = "a", face: UInt64 = 1, repository: String = "demo/app"
        ) -> String {
            let waiter = Waiter(face: face, pitToken: nil, expires: now + .seconds(4))
            return Self.word(cache.existence(of: Self.name(blob, repository: repository), waiter: waiter, now: now))
        }

        private static func word(_ lookup: RangeCache.Lookup) -> String {
            switch lookup {
            case .hit(_, let index): "hit \(index)"
            case .waiting: "waiting"
            case .unknown: "unknown"
            case .refused: "refused"
            case .ignored: "ignored"
            }
        }

        mutating func reads(streams: Int = 0) -> [OriginRead] {
            var reads: [OriginRead] = []
            while let read = cache.nextRead(streams: streams, now: now) { reads.append(read) }
            return reads
        }

        /// Completes a read of a blob of `total` octets.
        mutating func complete(_ read: OriginRead, total: UInt64) throws {
            var filler = SlabFiller(try #require(try cache.began(read.id, total: total, now: now)))
            let end = min(total, read.range.offset + (read.range.length ?? 0))
            var answers = answers
            let octets = ByteBuffer(repeating: 1, count: Int(end - min(end, read.range.offset)))
            let note = { (waiter: Waiter, range: CachedRange, index: Int) in
                answers.append("\(waiter.face):\(range.firstSegment + UInt64(index))")
            }
            let filled = filler.fill(octets)
            cache.arrived(read.id, filled, now: now, answer: note)
            let isComplete = cache.ended(read.id, now: now)
            #expect(isComplete)
            self.answers = answers
        }

        mutating func fail(_ read: OriginRead, _ failure: ReadFailure) -> [UInt64] {
            var told: [UInt64] = []
            let isNews = cache.failed(read.id, failure, now: now) { waiter, _ in told.append(waiter.face) }
            #expect(isNews)
            return told
        }

        mutating func failIsNews(_ read: OriginRead, _ failure: ReadFailure) -> Bool {
            cache.failed(read.id, failure, now: now) { _, _ in }
        }
    }

    @Test func aRangeIsReadOnceHoweverManyWait() throws {
        var script = Script()
        #expect(script.ask(0) == "waiting")
        #expect(script.ask(0, face: 2) == "waiting")
        #expect(script.ask(3, face: 2) == "waiting")
        let reads = script.reads()
        #expect(reads.map(\.range) == [ByteRange(offset: 0, length: 400)])
        #expect(script.ask(1) == "waiting")
        #expect(script.reads().isEmpty)
        try script.complete(reads[0], total: 350)
        #expect(script.answers.sorted() == ["1:0", "1:1", "2:0", "2:3"])
        #expect(script.ask(2) == "hit 2")
        #expect(script.ask(4) == "ignored")
        #expect(script.reads().isEmpty)
    }

    @Test func segmentsAreAnsweredAsTheirOctetsArrive() throws {
        var script = Script()
        _ = script.ask(0)
        _ = script.ask(1)
        let read = try #require(script.reads().first)
        var filler = SlabFiller(try #require(try script.cache.began(read.id, total: 400, now: script.now)))
        var answered: [Int] = []
        for part in [60, 60, 79] {
            let filled = filler.fill(ByteBuffer(repeating: 0, count: part))
            script.cache.arrived(read.id, filled, now: script.now) { _, _, index in answered.append(index) }
        }
        #expect(answered == [0])
        let isComplete = script.cache.ended(read.id, now: script.now)
        #expect(!isComplete)
    }

    @Test func theFinalSegmentIsOneSmallReadThatStays() throws {
        var script = Script()
        _ = script.ask(0)
        try script.complete(script.reads()[0], total: 2050)
        #expect(script.ask(20) == "waiting")
        let reads = script.reads()
        #expect(reads.map(\.range) == [ByteRange(offset: 2000, length: 100)])
        try script.complete(reads[0], total: 2050)
        #expect(script.ask(20, face: 9) == "hit 0")
        #expect(script.reads().isEmpty)
        #expect(script.ask(21) == "ignored")
    }

    @Test func memoryServesAgainForReadsThatCountAlready() throws {
        var measured = Script()
        _ = measured.ask(0)
        _ = measured.reads()
        var script = Script(capacity: 2 * measured.cache.store.octets)
        func read(_ blobs: [String]) -> [OriginRead] {
            for blob in blobs { #expect(script.ask(0, of: blob) == "waiting") }
            return script.reads()
        }
        for read in read(["a", "b"]) { try script.complete(read, total: 400) }
        #expect(script.cache.store.spares.isEmpty)
        // Both are dropped for two others, which begin with their memory.
        let others = read(["c", "d"])
        #expect(script.cache.store.spares.count == 2)
        for read in others { try script.complete(read, total: 400) }
        #expect(script.cache.store.spares.isEmpty)
        // Of reads that come to nothing, the memory for one is kept.
        for read in read(["e", "f"]) { _ = script.failIsNews(read, .beyondEnd(total: nil)) }
        #expect(script.cache.store.spares.count == 1)
        // A small blob does not take it: it would not count.
        for read in read(["g"]) { try script.complete(read, total: 50) }
        #expect(script.cache.store.spares.count == 1)
    }

    @Test func anUnknownBlobIsNotAskedForAgainForASecond() throws {
        var script = Script()
        #expect(script.exists() == "waiting")
        #expect(script.ask(0) == "waiting")
        let reads = script.reads()
        #expect(reads.count == 1)
        #expect(script.fail(reads[0], .unknown) == [1])
        #expect(script.exists() == "unknown")
        #expect(script.ask(0) == "ignored")
        #expect(script.reads().isEmpty)
        script.now = script.now + .milliseconds(1001)
        #expect(script.ask(0) == "waiting")
        #expect(script.reads().count == 1)
    }

    @Test func aFailedReadIsNotCached() throws {
        var script = Script()
        _ = script.ask(0)
        #expect(script.fail(script.reads()[0], .failed).isEmpty)
        #expect(script.cache.store.octets == 0)
        script.now = script.now + .milliseconds(101)
        #expect(script.ask(0) == "waiting")
        try script.complete(script.reads()[0], total: 10)
        #expect(script.answers == ["1:0"])
    }

    /// A registry may tell a size and then give nothing of it: whoever asked whether the blob is to be had hears of it.
    @Test func aBlobWhoseBytesDoNotFollowItsSizeIsRefused() throws {
        var script = Script()
        for attempt in 1...2 {
            #expect(script.exists() == "waiting", "attempt \(attempt)")
            _ = script.ask(0)
            let read = try #require(script.reads().first)
            let layout = try script.cache.began(read.id, total: 2050, now: script.now)
            #expect(layout != nil)
            #expect(script.fail(read, .refused) == [1])
            #expect(script.exists() == "unknown")
            script.now = script.now + .milliseconds(101)
        }
        // Of bytes that came, others may follow: silence then, and another read.
        #expect(script.exists() == "waiting")
        _ = script.ask(0)
        try script.complete(script.reads()[0], total: 2050)
        _ = script.ask(4)
        #expect(script.fail(script.reads()[0], .refused) == [])
        script.now = script.now + .milliseconds(101)
        #expect(script.exists() == "ignored")
        #expect(script.ask(0) == "hit 0")
    }

    /// All that waits for a blob fails with the first read that is out of reach, and only that one is worth a word.
    @Test func whatIsOutOfReachIsGivenUpAtOnce() throws {
        var script = Script(concurrency: 3)
        for segment: UInt64 in [0, 40, 80, 120, 160] { #expect(script.ask(segment) == "waiting") }
        let reads = script.reads()
        #expect(reads.count == 3)
        #expect(script.ask(0, of: "b") == "waiting")
        // The octets of the first one are coming.
        let layout = try script.cache.began(reads[0].id, total: 1 << 20, now: script.now)
        let isFirst = script.failIsNews(reads[1], .outOfReach)
        #expect(layout != nil && isFirst)
        #expect(!script.cache.isAwaited(reads[2].id) && script.cache.isAwaited(reads[0].id))
        let isNext = script.failIsNews(reads[2], .outOfReach)
        #expect(!isNext)
        // Only the other blob is left.
        let others = script.reads()
        #expect(others.map(\.blob) == [try #require(BlobName(parsing: Script.name("b"), prefix: Script.prefix))])
        #expect(script.ask(160) == "ignored")
    }

    @Test func aRegistryThatChangesTheSizeIsNotBelieved() throws {
        var script = Script()
        _ = script.ask(0)
        try script.complete(script.reads()[0], total: 2050)
        _ = script.ask(4)
        let read = try #require(script.reads().first)
        let layout = try script.cache.began(read.id, total: 2051, now: script.now)
        #expect(layout == nil)
    }

    @Test func theBudgetHolds() throws {
        // Room for two ranges of 4 × ~260 octets and what they cost beside, not for three.
        var script = Script(capacity: 5000)
        for blob in ["a", "b", "c"] {
            _ = script.ask(0, of: blob)
            try script.complete(try #require(script.reads().first), total: 400)
            #expect(script.cache.store.octets <= 5000)
        }
        #expect(script.cache.evictions == 1)
        #expect(script.ask(0, of: "c") == "hit 0")
        #expect(script.ask(0, of: "a") == "waiting")
    }

    @Test func onlySoManyReadsAtATime() {
        var script = Script(concurrency: 2)
        for blob in ["a", "b", "c"] { _ = script.ask(0, of: blob) }
        let first = script.reads()
        #expect(first.count == 2)
        _ = script.fail(first[0], .failed)
        #expect(script.reads().count == 1)
    }

    @Test func aReadNobodyWaitsForIsNotMade() {
        var script = Script(concurrency: 1)
        _ = script.ask(0, of: "a")
        let first = script.reads()
        _ = script.ask(0, of: "b", lifetime: 50)
        script.now = script.now + .milliseconds(51)
        _ = script.fail(first[0], .failed)
        #expect(script.reads().isEmpty)
    }

    @Test func twoRangesInSequenceReadAhead() throws {
        var script = Script()
        _ = script.ask(0)
        try script.complete(script.reads()[0], total: 10_000)
        #expect(script.reads().isEmpty)
        _ = script.ask(4)
        let second = script.reads()
        #expect(second.map(\.range.offset) == [400])
        try script.complete(second[0], total: 10_000)
        #expect(script.reads().map(\.range.offset) == [800])
    }

    @Test(arguments: [
        "/example/docker/demo%2Fapp", "/example/docker/..%2Fx/\(String(repeating: "a", count: 32))", "/other/x/y",
    ])
    func namesThatAreNoBlobsReadNothing(uri: String) throws {
        var script = Script()
        let waiter = Waiter(face: 1, pitToken: nil, expires: script.now + .seconds(4))
        guard case .ignored = script.cache.segment(0, of: try Name(uri: uri), waiter: waiter, now: script.now) else {
            Issue.record("\(uri) was taken for a blob")
            return
        }
        #expect(script.reads().isEmpty)
    }

    @Test func hugeSegmentNumbersAreIgnored() {
        var script = Script()
        for segment: UInt64 in [.max, 1 << 63, (1 << 40) + 1] { #expect(script.ask(segment) == "ignored") }
        #expect(script.reads().isEmpty)
    }
}

/// What leaves the cache first, and what is not read for want of room.
@Suite struct ServerRangeCacheRoomTests {
    typealias Script = ServerRangeCacheTests.Script

    /// Octets of a range and a tail of the script's blobs, with room for what is kept beside them.
    private static let room = 4 * 300 + RangeStore.rangeOverhead

    @Test func whatHasBeenSentLeavesBeforeWhatHasNot() throws {
        var script = Script(capacity: 3 * Self.room)
        for blob in ["a", "b"] {
            _ = script.ask(0, of: blob)
            try script.complete(script.reads()[0], total: 400)
        }
        // "a" is the newer one by use, but has been sent to its end.
        #expect(script.ask(3, of: "a") == "hit 3")
        for blob in ["c", "d"] {
            _ = script.ask(0, of: blob)
            try script.complete(script.reads()[0], total: 400)
        }
        #expect(script.ask(1, of: "b") == "hit 1")
        #expect(script.ask(1, of: "a") == "waiting")
    }

    @Test func readingAheadDropsNothingThatIsStillToBeSent() throws {
        var script = Script(capacity: 3 * Self.room)
        _ = script.ask(0, of: "other")
        try script.complete(script.reads()[0], total: 400)
        _ = script.ask(0)
        try script.complete(script.reads()[0], total: 10_000)
        _ = script.ask(4)
        try script.complete(script.reads()[0], total: 10_000)
        // The next range of "a" waits for room, which the unsent ranges take.
        #expect(script.reads().isEmpty)
        #expect(script.ask(1, of: "other") == "hit 1")
        // Somebody wants it: now it is read, whatever it takes.
        #expect(script.ask(8) == "waiting")
        #expect(script.reads().map(\.range.offset) == [800])
    }

    @Test func whatIsOnItsWayToTheCacheCountsAsLongAsThereIsAStream() throws {
        var script = Script(capacity: 30_000, readBuffer: 10_000)
        for segment in [0, 4, 8] as [UInt64] { _ = script.ask(segment) }
        let reads = script.reads()
        #expect(reads.count == 2, "a third one has no room for its buffer")
        try script.complete(reads[0], total: 2400)
        #expect(script.cache.store.octets < 5000)
        #expect(script.reads(streams: 3).isEmpty, "nor has it while others wait for their next reads")
        #expect(script.reads(streams: 2).count == 1)
        #expect(script.fail(reads[1], .failed) == [])
    }

    @Test func buffersOfStreamsThatWaitDoNotKeepTheOnlyReadBack() {
        var script = Script(capacity: 30_000, readBuffer: 10_000)
        _ = script.ask(0)
        #expect(script.reads(streams: 3).count == 1)
    }
}
