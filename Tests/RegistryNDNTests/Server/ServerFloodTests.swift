import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Interests for blobs that do not exist, 500 a second, before a registry that answers after 50 ms.
@Suite struct ServerFloodTests {
    /// A cache, the flood, and the registry, millisecond by millisecond.
    private struct Flood {
        var script = ServerRangeCacheTests.Script(concurrency: 8)
        /// Reads under way, and when the registry answers them.
        private var under: [(read: OriginRead, at: NIODeadline)] = []
        /// Lookups in vain of each second.
        var misses: [Int] = []
        private let good: [String]
        private let facesOfFlood: UInt64
        private let repositoryOfFlood: String
        private let asksTwice: Bool
        private var sent = 0

        init(good: [String], faces: UInt64 = 1, repository: String = "demo/app", asksTwice: Bool = false) {
            self.good = good
            facesOfFlood = faces
            repositoryOfFlood = repository
            self.asksTwice = asksTwice
        }

        mutating func run(milliseconds: Int) throws {
            for tick in 0..<milliseconds {
                if tick % 1000 == 0 { misses.append(0) }
                if tick % (asksTwice ? 4 : 2) == 0 { askForNothing() }
                for read in script.reads(streams: under.count) { under.append((read, script.now + .milliseconds(50))) }
                script.now = script.now + .milliseconds(1)
                try answer()
            }
        }

        private mutating func askForNothing() {
            sent += 1
            let face = 1 + UInt64(sent) % facesOfFlood
            _ = script.ask(0, of: "bad \(sent)", face: face, repository: repositoryOfFlood)
            if asksTwice { _ = script.exists("bad \(sent)", face: face, repository: repositoryOfFlood) }
        }

        private mutating func answer() throws {
            while let next = under.first, next.at <= script.now {
                under.removeFirst()
                if good.contains(where: { next.read.blob.name == ServerRangeCacheTests.Script.name($0) }) {
                    try script.complete(next.read, total: 8000)
                } else if script.cache.isAwaited(next.read.id) {
                    misses[misses.count - 1] += 1
                    _ = script.fail(next.read, .unknown)
                }
            }
        }
    }

    /// A good blob of 20 ranges, asked for as the client does; how many milliseconds each of its ranges took.
    private static func pull(_ blob: String, through flood: inout Flood, face: UInt64) throws -> [Int] {
        var times: [Int] = []
        for range in 0..<20 as Range<UInt64> {
            flood.script.answers = []
            if range == 0 { _ = flood.script.exists(blob, face: face) }
            var meets = flood.script.ask(range * 4, of: blob, face: face)
            var time = 0
            while meets == "waiting", !flood.script.answers.contains("\(face):\(range * 4)"), time < 4000 {
                try flood.run(milliseconds: 10)
                time += 10
                // A client asks again after a while.
                if time % 1000 == 0 { meets = flood.script.ask(range * 4, of: blob, face: face) }
            }
            times.append(time)
        }
        return times
    }

    @Test(
        arguments: [
            (faces: 1, repository: "demo/app", asksTwice: false), (1, "flood/flood", false), (1, "flood/flood", true),
            (50, "demo/app", false),
        ] as [(faces: UInt64, repository: String, asksTwice: Bool)])
    func aGoodBlobIsReadDuringAFlood(_ attack: (faces: UInt64, repository: String, asksTwice: Bool)) throws {
        var flood = Flood(
            good: ["before", "good"], faces: attack.faces, repository: attack.repository, asksTwice: attack.asksTwice)
        // Something of the repository has been read before; the flood has gone on for a while.
        _ = flood.script.ask(0, of: "before", face: 1)
        try flood.run(milliseconds: 5000)
        #expect(flood.misses.allSatisfy { $0 <= 50 }, "\(flood.misses)")
        #expect((flood.misses.last ?? 0) >= 20)
        // The only face of the server is that of the flood.
        let times = try Self.pull("good", through: &flood, face: 1)
        #expect((times.first ?? .max) <= 150, "\(times)")
        #expect(times.dropFirst().allSatisfy { $0 <= 60 }, "\(times)")
    }

    @Test func aBlobThatExistedBeforeIsNoLookup() throws {
        var script = ServerRangeCacheTests.Script(capacity: 3000, concurrency: 1)
        for blob in ["a", "b", "c"] {
            _ = script.ask(0, of: blob)
            try script.complete(try #require(script.reads().first), total: 400)
        }
        for number in 0..<40 {
            guard script.ask(0, of: "bad \(number)") == "waiting", let read = script.reads().first else { continue }
            _ = script.fail(read, .unknown)
        }
        #expect(script.ask(0, of: "new") == "waiting")
        #expect(script.reads().isEmpty, "enough lookups were in vain")
        #expect(script.ask(0, of: "a") == "waiting")
        #expect(script.reads().map(\.blob.name) == [ServerRangeCacheTests.Script.name("a")])
    }

    @Test func whatIsNotThereIsForgottenAtOnce() throws {
        var script = ServerRangeCacheTests.Script(concurrency: 1)
        for number in 0..<5000 { _ = script.ask(0, of: "bad \(number)") }
        #expect(script.cache.blobs.count <= 512)
        #expect(script.cache.queue.count <= 512)
        #expect(script.cache.shed == 5000 - 512)
        script.now = script.now + .seconds(5)
        #expect(script.reads().isEmpty)
        #expect(script.cache.blobs.isEmpty)
        #expect(script.cache.waiters.count == 0)
    }

    @Test func aBlobThatIsGoneIsALookupAgain() throws {
        var script = ServerRangeCacheTests.Script()
        _ = script.ask(0)
        try script.complete(script.reads()[0], total: 4000)
        _ = script.ask(8)
        #expect(script.fail(script.reads()[0], .unknown) == [])
        #expect(script.exists() == "unknown")
        script.now = script.now + .seconds(2)
        #expect(script.exists() == "waiting")
    }

    /// What else is asked for of a blob that does not exist is not looked up one by one.
    @Test func oneAnswerIsForAllThatWaitsOfABlob() throws {
        var script = ServerRangeCacheTests.Script(concurrency: 1)
        for segment in [0, 4, 8] as [UInt64] { #expect(script.ask(segment) == "waiting") }
        let read = try #require(script.reads().first)
        _ = script.fail(read, .unknown)
        #expect(script.reads().isEmpty)
        #expect(script.cache.queue.count == 0)
    }

    /// Reads of existing blobs are a flood as well when somebody asks for segments here and there.
    @Test func whoAsksForMuchOfOneBlobDoesNotKeepOthersWaiting() throws {
        var script = ServerRangeCacheTests.Script(concurrency: 1)
        for blob in ["large", "other"] {
            _ = script.ask(0, of: blob)
            try script.complete(script.reads()[0], total: 1_000_000)
        }
        for number in 1..<1000 as Range<UInt64> { _ = script.ask(number * 8, of: "large") }
        #expect(script.ask(4, of: "other") == "waiting")
        let first = try #require(script.reads().first)
        try script.complete(first, total: 1_000_000)
        #expect(script.reads().map(\.blob.name) == [ServerRangeCacheTests.Script.name("other")])
    }
}
