import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

/// A full store, and readers of a blob of which it keeps a quarter.
@Suite("Forwarder: ReadingOrder")
struct ReadingOrderTests {
    /// Readers that ask for one segment after the other, whatever comes back, each at his time.
    private struct Script {
        static let segments = 400
        var store = ContentStore(capacity: segments / 4 * 2432)
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        /// Segments that had to be fetched.
        var fetched = 0

        mutating func ask(_ segment: Int, by face: UInt64, of blob: String = "a") throws {
            guard 0..<Self.segments ~= segment else { return }
            let interest = try Packets.interest("/\(blob)/seg=\(segment)")
            store.note(interest.name, from: face, now: now)
            guard store.find(interest, now: now) == nil else { return }
            fetched += 1
            store.insert(
                try Packets.data("/\(blob)/seg=\(segment)", content: String(repeating: "x", count: 1000)), now: now)
        }

        /// Each reader is so far behind the first one, and begins with the first and the final segment.
        mutating func readAll(lags: [Int]) throws {
            for step in 0..<Self.segments + (lags.max() ?? 0) {
                now = now + .milliseconds(1)
                for (face, lag) in lags.enumerated() {
                    try ask(step - lag, by: UInt64(face))
                    if step == lag { try ask(Self.segments - 1, by: UInt64(face)) }
                }
            }
        }
    }

    @Test(arguments: [[0, 50], [0, 10, 20, 90], [0, 0, 0]])
    func whoIsWithinTheStoreFindsEverything(lags: [Int]) throws {
        var script = Script()
        try script.readAll(lags: lags)
        #expect(script.fetched == Script.segments)
    }

    /// With the oldest going first, those behind would find nothing at all.
    @Test(arguments: [[0, 120], [0, 5, 10, 120, 130], [0, 150, 155]])
    func whoIsBehindItFindsMost(lags: [Int]) throws {
        var script = Script()
        try script.readAll(lags: lags)
        // What lies between two groups and has no room must be fetched once more, whatever is kept.
        let lag = lags.last ?? 0
        let least = Script.segments * (lag - Script.segments / 4) / lag
        #expect(script.fetched < Script.segments + 2 * least, "\(script.fetched)")
    }

    @Test func aSecondReadFindsWhatTheFirstHasLeft() throws {
        var script = Script()
        try script.readAll(lags: [0])
        script.now = script.now + .seconds(60)
        script.fetched = 0
        try script.readAll(lags: [0])
        #expect(script.fetched == Script.segments - Script.segments / 4)
    }

    @Test func whoHasGoneIsNotWaitedFor() throws {
        var script = Script()
        for segment in 0..<100 { try script.ask(segment, by: 1) }
        try script.ask(0, by: 2)
        script.now = script.now + BlobReaders.patience
        for segment in 100..<200 { try script.ask(segment, by: 1) }
        script.fetched = 0
        for segment in 100..<200 { try script.ask(segment, by: 3) }
        #expect(script.fetched == 0)
    }

    @Test func manyBlobsAndReadersAreForgottenAgain() throws {
        var script = Script()
        for blob in 0..<1000 {
            for face in 0..<3 as Range<UInt64> { try script.ask(1 << face, by: face, of: "\(blob)") }
        }
        for face in 0..<1000 as Range<UInt64> { try script.ask(7, by: face) }
        script.now = script.now + BlobReaders.patience
        try script.readAll(lags: [0, 50])
        script.fetched = 0
        for segment in 300..<400 { try script.ask(segment, by: 9) }
        #expect(script.fetched == 0)
        #expect(script.store.octets <= Script.segments / 4 * 2432)
    }

    @Test func segmentsOfAllSizesDoNotTrap() throws {
        var script = Script()
        for segment in [1 << 63 - 1, 0, 1 << 62, 3] as [UInt64] {
            for face in 0..<5 as Range<UInt64> {
                let interest = try Packets.interest("/a/seg=\(segment)")
                script.store.note(interest.name, from: face, now: script.now)
                script.store.insert(
                    try Packets.data("/a/seg=\(segment)", content: String(repeating: "x", count: 1000)), now: script.now
                )
            }
        }
        try script.readAll(lags: [0, 50])
        #expect(script.fetched >= Script.segments - 2)
    }
}
