import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Whose turn it is among what waits.
@Suite struct FairQueueTests {
    final class Item {
        let text: String

        init(_ text: String) {
            self.text = text
        }
    }

    /// Takes everything out.
    private static func drain(_ queue: inout FairQueue<Int, String, Item>) -> [String] {
        var taken: [String] = []
        while let next = queue.next {
            taken.append(next.item.text)
            queue.remove(next.item, of: next.party, in: next.group)
        }
        return taken
    }

    @Test func partiesTakeTurnsAndTheirGroupsDo() {
        var queue = FairQueue<Int, String, Item>(.oldestFirst, capacity: 16)
        for text in ["1a1", "1a2", "1a3", "1b1", "2c1"] {
            let party = text.hasPrefix("1") ? 1 : 2
            #expect(queue.add(Item(text), of: party, in: String(text.dropFirst().first ?? " ")) == nil)
        }
        #expect(Self.drain(&queue) == ["1a1", "2c1", "1b1", "1a2", "1a3"])
        #expect(queue.isEmpty)
    }

    @Test func whoeverHasTheMostWaitingLosesSomeOfIt() {
        var queue = FairQueue<Int, String, Item>(.newestFirst, capacity: 4)
        for number in 1...4 { _ = queue.add(Item("a\(number)"), of: 1, in: "a") }
        #expect(queue.add(Item("b1"), of: 2, in: "b")?.text == "a1")
        #expect(queue.add(Item("a5"), of: 1, in: "a")?.text == "a2")
        #expect(Self.drain(&queue) == ["a5", "b1", "a4", "a3"])
        var reads = FairQueue<Int, String, Item>(.oldestFirst, capacity: 2)
        for number in 1...2 { _ = reads.add(Item("a\(number)"), of: 1, in: "a") }
        #expect(reads.add(Item("b1"), of: 1, in: "b")?.text == "a2")
        #expect(Self.drain(&reads) == ["a1", "b1"])
    }

    @Test func anItemMayLeaveFromAnywhere() {
        var queue = FairQueue<Int, String, Item>(.oldestFirst, capacity: 16)
        let items = (1...3).map { Item("\($0)") }
        for (party, item) in items.enumerated() { _ = queue.add(item, of: party, in: "a") }
        queue.remove(items[1], of: 1, in: "a")
        #expect(queue.count == 2)
        #expect(Self.drain(&queue) == ["1", "3"])
    }
}

/// Which reads are made while there are lookups of blobs that do not exist.
@Suite struct ReadQueueTests {
    typealias Item = FairQueueTests.Item
    private static let repository = RepositoryName("demo/app")!
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let one = PeerHost.face(1)
    private let other = PeerHost.face(2)
    private let blob = Item("blob")

    private func queue() -> ReadQueue<Item> {
        var configuration = ReadQueue<Item>.Configuration()
        (configuration.misses, configuration.burst) = (10, 4)
        (configuration.usualMisses, configuration.usualBurst) = (1, 2)
        return ReadQueue(configuration)
    }

    /// Begins all that may be begun.
    private func begin(_ queue: inout ReadQueue<Item>, lookups: Int = 0, now: NIODeadline) -> [String] {
        var (begun, lookups): ([String], Int) = ([], lookups)
        while begun.count < 20, let item = queue.next(lookups: lookups, now: now) {
            queue.begin(item)
            begun.append(item.text)
            if item.text.hasPrefix("?") { lookups += 1 }
        }
        return begun
    }

    @Test func readsOfKnownBlobsComeFirst() {
        var queue = queue()
        for number in 1...3 { _ = queue.addLookup(Item("?\(number)"), in: nil, from: one, isRepeated: true) }
        _ = queue.add(Item("known"), of: blob, from: other)
        #expect(begin(&queue, now: start).first == "known")
    }

    @Test func whileAllIsWellLookupsHaveEveryPlace() {
        var queue = queue()
        for number in 1...9 { _ = queue.addLookup(Item("?\(number)"), in: nil, from: one, isRepeated: false) }
        #expect(begin(&queue, now: start).count == 8)
    }

    @Test func lookupsInVainLeaveAQuarterOfThePlacesAndThenARate() {
        var queue = queue()
        for number in 1...99 { _ = queue.addLookup(Item("?\(number)"), in: nil, from: one, isRepeated: false) }
        queue.missed(2, now: start)
        #expect(begin(&queue, now: start) == ["?99", "?98"], "who came long ago has given up")
        _ = queue.addLookup(Item("?twice"), in: nil, from: one, isRepeated: true)
        #expect(begin(&queue, lookups: 2, now: start) == ["?twice"], "a place beyond those of the flood")
        queue.missed(2, now: start)
        #expect(begin(&queue, now: start).isEmpty)
        let later = queue.deadline(now: start)
        #expect(later.map { $0 > start && $0 - start < .milliseconds(1) } == true)
        #expect(begin(&queue, now: start + .milliseconds(1)).count == 2)
        queue.missed(1, now: start)
        #expect(queue.deadline(now: start).map { ($0 - start) > .milliseconds(99) } == true)
        #expect(begin(&queue, lookups: 1, now: start + .milliseconds(101)).count == 1)
        // Whatever it was, a few seconds later it is over.
        queue.missed(1000, now: start + .seconds(1))
        queue.missed(1000, now: start + .seconds(1))
        #expect(begin(&queue, now: start + .seconds(2000)).count == 8)
    }

    @Test func whatIsAskedForAgainHasEveryOtherTurn() {
        var queue = queue()
        let singles = (1...5).map { Item("?\($0)") }
        for item in singles { _ = queue.addLookup(item, in: nil, from: one, isRepeated: false) }
        _ = queue.askedAgain(singles[0])
        _ = queue.addLookup(Item("?b"), in: nil, from: one, isRepeated: true)
        #expect(begin(&queue, now: start).prefix(4) == ["?1", "?2", "?b", "?3"])
    }

    @Test func hostsTakeTurnsAndKnownRepositoriesDo() {
        var queue = queue()
        for number in 1...9 { _ = queue.addLookup(Item("?flood \(number)"), in: nil, from: one, isRepeated: false) }
        _ = queue.addLookup(Item("?known"), in: Self.repository, from: one, isRepeated: false)
        _ = queue.addLookup(Item("?other"), in: nil, from: other, isRepeated: false)
        #expect(begin(&queue, now: start).prefix(3) == ["?flood 1", "?other", "?known"])
    }

    @Test func aLookupBecomesAReadOnceItsBlobIsKnown() {
        var queue = queue()
        let item = Item("?1")
        _ = queue.addLookup(item, in: nil, from: one, isRepeated: false)
        queue.missed(100, now: start)
        #expect(queue.next(lookups: 0, now: start) == nil)
        #expect(queue.add(item, of: blob, from: other) == nil)
        #expect(queue.count == 1)
        #expect(queue.next(lookups: 0, now: start) === item)
    }
}
