import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: ContentStore")
struct ContentStoreTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func findsByExactName() throws {
        var store = ContentStore(capacity: 1 << 20)
        store.insert(try Packets.data("/a/b"), now: now)
        #expect(try store.find(Packets.interest("/a/b"), now: now)?.name == Name(uri: "/a/b"))
        #expect(try store.find(Packets.interest("/a"), now: now) == nil)
        #expect(try store.find(Packets.interest("/a/b/c"), now: now) == nil)
        #expect(store.hits == 1)
        #expect(store.misses == 2)
    }

    @Test func findsByPrefixInCanonicalOrder() throws {
        var store = ContentStore(capacity: 1 << 20)
        for uri in ["/a/c", "/a/b/x", "/a/b", "/b"] { store.insert(try Packets.data(uri), now: now) }
        #expect(try store.find(Packets.interest("/a", canBePrefix: true), now: now)?.name == Name(uri: "/a/b"))
        #expect(try store.find(Packets.interest("/a/b/x", canBePrefix: true), now: now)?.name == Name(uri: "/a/b/x"))
        #expect(try store.find(Packets.interest("/c", canBePrefix: true), now: now) == nil)
    }

    @Test func findsByImplicitDigest() throws {
        var store = ContentStore(capacity: 1 << 20)
        let data = try Packets.data("/a/b")
        store.insert(data, now: now)
        let full = "/a/b/sha256digest=\(data.implicitDigest.hex)"
        #expect(try store.find(Packets.interest(full), now: now)?.wire == data.wire)
        let other = "/a/b/sha256digest=" + String(repeating: "0", count: 64)
        #expect(try store.find(Packets.interest(other), now: now) == nil)
    }

    @Test func mustBeFreshWantsFreshData() throws {
        var store = ContentStore(capacity: 1 << 20)
        store.insert(try Packets.data("/a/1", freshness: 0), now: now)
        store.insert(try Packets.data("/a/2", freshness: 1000), now: now)
        #expect(try store.find(Packets.interest("/a/1", mustBeFresh: true), now: now) == nil)
        #expect(try store.find(Packets.interest("/a/1"), now: now) != nil)
        let fresh = try Packets.interest("/a", canBePrefix: true, mustBeFresh: true)
        #expect(try store.find(fresh, now: now + .milliseconds(999))?.name == Name(uri: "/a/2"))
        let stale = store.find(fresh, now: now + .milliseconds(1000))
        #expect(stale == nil)
        store.insert(try Packets.data("/a/2", freshness: 1000), now: now + .seconds(5))
        let renewed = store.find(fresh, now: now + .milliseconds(5500))
        #expect(renewed != nil)
        #expect(store.count == 2)
    }

    @Test func freshnessOfAllTimesDoesNotTrap() throws {
        var store = ContentStore(capacity: 1 << 20)
        store.insert(try Packets.data("/a", freshness: .max), now: now)
        #expect(try store.find(Packets.interest("/a", mustBeFresh: true), now: now + .hours(9)) != nil)
    }

    /// A store of so many packets of 1 kB, which take 2432 octets each with what belongs to them.
    private func store(packets: Int) -> ContentStore { ContentStore(capacity: packets * 2432) }

    private func insert(_ number: Int, into store: inout ContentStore) throws {
        store.insert(try Packets.data("/\(number)", content: String(repeating: "x", count: 1000)), now: now)
    }

    @Test func whatIsUsedOutlastsWhatIsNot() throws {
        var store = store(packets: 10)
        for number in 1...10 { try insert(number, into: &store) }
        #expect(try store.find(Packets.interest("/1"), now: now) != nil)
        try insert(11, into: &store)
        #expect(store.count == 10)
        #expect(store.octets <= 10 * 2432)
        #expect(try store.find(Packets.interest("/2"), now: now) == nil)
        #expect(try store.find(Packets.interest("/1"), now: now) != nil)
        #expect(try store.find(Packets.interest("/11"), now: now) != nil)
    }

    /// In exact order of use, what the followers have had would push out what they want next.
    @Test func followersFindWhatTheFirstHasHad() throws {
        var store = store(packets: 10)
        for number in 1...100 {
            try insert(number, into: &store)
            for lag in [3, 7] where number > lag {
                #expect(
                    try store.find(Packets.interest("/\(number - lag)"), now: now) != nil, "\(number), \(lag) behind")
            }
        }
    }

    @Test func memoryStaysWithinTheLimit() throws {
        var store = ContentStore(capacity: 100_000)
        var random = SeededGenerator(seed: 3)
        for step in 0..<2000 {
            let size = Int.random(in: 0..<8000, using: &random)
            let name = try Name(uri: "/a/\(Int.random(in: 0..<200, using: &random))")
            store.insert(
                try Packets.data(name, content: ByteBuffer(repeating: UInt8(step & 255), count: size)), now: now)
            #expect(store.octets <= 100_000)
        }
        #expect(store.count > 5)
        #expect(store.evictions > 100)
    }

    @Test func zeroOctetsKeepNothing() throws {
        var store = ContentStore(capacity: 0)
        store.insert(try Packets.data("/a"), now: now)
        #expect(store.count == 0)
        #expect(try store.find(Packets.interest("/a"), now: now) == nil)
    }

    @Test func newContentReplacesOld() throws {
        var store = ContentStore(capacity: 1 << 20)
        store.insert(try Packets.data("/a", content: "old"), now: now)
        let before = store.octets
        store.insert(try Packets.data("/a", content: "new"), now: now)
        #expect(store.octets == before)
        #expect(store.evictions == 0)
        #expect(try store.find(Packets.interest("/a"), now: now)?.content == ByteBuffer(string: "new"))
    }

    /// A packet out of a large receive buffer must not keep the buffer.
    @Test func keepsACopyOfItsOwn() throws {
        var buffer = try Packets.data("/a").wire
        let length = buffer.readableBytes
        buffer.writeRepeatingByte(0, count: 65536)
        let slice = buffer.readSlice(length: length) ?? ByteBuffer()
        var store = ContentStore(capacity: 1 << 20)
        store.insert(try DataPacket(decoding: slice), now: now)
        let kept = store.find(try Packets.interest("/a"), now: now)
        #expect(kept?.wire == slice)
        #expect(kept.map { $0.wire.storageCapacity < 1024 } == true)
    }
}
