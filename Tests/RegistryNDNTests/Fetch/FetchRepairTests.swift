import NDN
import NIOCore
import RegistryNDN
import Synchronization
import Testing

/// Fetches over real sockets, of producers some of whose segments are faulty, by readers who have another way to them.
@Suite(.timeLimit(.minutes(1))) struct FetchRepairTests {
    private let blob = TestBlob("blob", size: 1_000_000)
    private let chunk: UInt64 = 7777

    private func handler(_ faulty: Set<UInt64>, _ fault: TestBlob.Fault = .length) -> ScriptedProducer.Handler {
        { [blob] _, segment in
            segment.map(faulty.contains) == true ? blob.answer(segment, fault) : blob.answer(segment)
        }
    }

    @Test(arguments: TestBlob.Fault.allCases)
    func faultySegmentsComeFromElsewhere(fault: TestBlob.Fault) async throws {
        let library = BlobLibrary(blob)
        let faulty: Set<UInt64> = [20, 21, 22, 60, blob.final]
        try await FetchFixture.run(handler: handler(faulty, fault)) { fixture in
            let reader = try await fixture.fetcher.open(blob.name, repair: library.repair())
            #expect(reader.size == 1_000_000)
            let octets = try await FetchFixture.drain(reader)
            #expect(octets == blob.octets)
            #expect(library.segments(by: "somebody") == faulty.sorted())
            #expect(library.requests.allSatisfy { $0.sizes.count <= chunk })
            #expect(reader.statistics.repaired == 5)
            #expect(reader.statistics.octets == 1_000_000)
        }
    }

    @Test func whatIsRightTheSecondTimeComesFromNowhereElse() async throws {
        let library = BlobLibrary(blob)
        let seen = Mutex<Set<UInt64>>([])
        let handler: ScriptedProducer.Handler = { [blob] _, segment in
            let isFirst = segment.map { number in seen.withLock { $0.insert(number).inserted } } ?? false
            let isFaulty = isFirst && segment.map { $0 > 0 && $0 % 10 == 0 } == true
            return isFaulty ? blob.answer(segment, .nack) : blob.answer(segment)
        }
        try await FetchFixture.run(handler: handler) { fixture in
            let reader = try await fixture.fetcher.open(blob.name, repair: library.repair())
            let octets = try await FetchFixture.drain(reader)
            #expect(octets == blob.octets)
            #expect(library.requests.isEmpty)
            #expect(reader.statistics.faults == 12)
        }
    }

    @Test func anotherWayThatIsClosedLeavesTheFault() async throws {
        let library = BlobLibrary(blob, isOpen: false)
        try await FetchFixture.run(handler: handler([20])) { fixture in
            let reader = try await fixture.fetcher.open(blob.name, repair: library.repair())
            var octets = ByteBuffer()
            await #expect(throws: FetchError.malformed("segment 20 has 7778 octets, the first 7777")) {
                while let chunk = try await reader.next() { octets.writeImmutableBuffer(chunk) }
            }
            #expect(octets == blob.octets.getSlice(at: 0, length: 20 * 7777), "what came before is not lost")
            #expect(library.segments(by: "somebody") == [20])
        }
    }

    @Test func aBlobThatIsMostlyFaultyIsGivenUp() async throws {
        let library = BlobLibrary(blob)
        try await FetchFixture.run(handler: handler(Set(10...blob.final - 1))) { fixture in
            let reader = try await fixture.fetcher.open(blob.name, repair: library.repair())
            await #expect(throws: FetchError.self) { try await FetchFixture.drain(reader) }
            #expect(library.segments(by: "somebody").count <= 70)
        }
    }

    @Test func rangesToo() async throws {
        let ranges: [(BlobRange, [UInt64])] = [
            (.from(20 * chunk + 10, through: 20 * chunk + 20), [20]),
            (.from(19 * chunk, through: 23 * chunk), [20, 21]),
            (.last(5), [blob.final]), (.from(30 * chunk, through: 40 * chunk), [blob.final]),
        ]
        for (range, expected) in ranges {
            let library = BlobLibrary(blob)
            try await FetchFixture.run(handler: handler([20, 21, blob.final])) { fixture in
                let reader = try await fixture.fetcher.open(blob.name, range: range, repair: library.repair())
                let octets = try await FetchFixture.drain(reader)
                let wanted = try #require(range.parts(of: 1_000_000).hull)
                #expect(octets == blob.octets.getSlice(at: Int(wanted.lowerBound), length: wanted.count))
                // The final segment, which tells the size, is needed for every range.
                #expect(library.segments(by: "somebody") == (expected + [blob.final]).uniqued().sorted())
            }
        }
    }

    /// Nobody gets octets that came with the credentials of another: neither who reads the same fetch, nor who comes later.
    @Test func whatComesWithCredentialsStaysWithThoseWhoHaveThem() async throws {
        let library = BlobLibrary(blob)
        // Nothing but what tells the size comes before all readers are there; segment 100 comes last of all.
        let gates = Mutex((middle: false, end: false))
        let handler: ScriptedProducer.Handler = { [blob] _, segment in
            let gates = gates.withLock { $0 }
            switch segment {
            case nil, 0, blob.final: return blob.answer(segment)
            case 100: return gates.end ? blob.answer(segment) : .silence
            case 20: return gates.middle ? blob.answer(segment, .length) : .silence
            default: return gates.middle ? blob.answer(segment) : .silence
            }
        }
        var configuration = FetchConfiguration.patient
        configuration.retransmissions = 200
        try await FetchFixture.run(configuration: configuration, handler: handler) { fixture in
            let ann = try await fixture.fetcher.open(blob.name, repair: library.repair(as: "ann"))
            let annAgain = try await fixture.fetcher.open(blob.name, repair: library.repair(as: "ann"))
            let bob = try await fixture.fetcher.open(blob.name, repair: library.repair(as: "bob"))
            let nobody = try await fixture.fetcher.open(blob.name)
            gates.withLock { $0.middle = true }
            while library.segments(by: "ann").isEmpty { await Task.yield() }
            let cat = try await fixture.fetcher.open(blob.name, repair: library.repair(as: "cat"))
            let annLater = try await fixture.fetcher.open(blob.name, repair: library.repair(as: "ann"))
            while library.segments(by: "cat").isEmpty || library.segments(by: "bob").isEmpty { await Task.yield() }
            gates.withLock { $0.end = true }
            for reader in [ann, annAgain, bob, cat, annLater] {
                let octets = try await FetchFixture.drain(reader)
                #expect(octets == blob.octets)
            }
            await #expect(throws: FetchError.self) { try await FetchFixture.drain(nobody) }
            for who in ["ann", "bob", "cat"] { #expect(library.segments(by: who) == [20], "\(who)") }
        }
    }

    /// The same where only the size is waited for.
    @Test func aSizeThatCameWithCredentialsStaysWithThem() async throws {
        let library = BlobLibrary(blob)
        let isOpen = Mutex(false)
        let handler: ScriptedProducer.Handler = { [blob] _, segment in
            if segment == blob.final { return isOpen.withLock { $0 } ? blob.answer(segment, .nack) : .silence }
            return blob.answer(segment)
        }
        try await FetchFixture.run(handler: handler) { fixture in
            async let ann = fixture.fetcher.open(blob.name, range: .last(5), repair: library.repair(as: "ann"))
            async let bob = fixture.fetcher.open(blob.name, range: .last(5), repair: library.repair(as: "bob"))
            while fixture.producer.interests < 2 { await Task.yield() }
            isOpen.withLock { $0 = true }
            // Which of them is first is not known.
            var served: [String] = []
            for (who, reader) in [("ann", try? await ann), ("bob", try? await bob)] {
                guard let reader else { continue }
                served.append(who)
                let octets = try await FetchFixture.drain(reader)
                #expect(octets == blob.octets.getSlice(at: 999_995, length: 5))
            }
            for who in ["ann", "bob"] {
                #expect(library.segments(by: who) == (served.contains(who) ? [blob.final] : []))
            }
            let cat = try await fixture.fetcher.open(blob.name, range: .last(7), repair: library.repair(as: "cat"))
            let octets = try await FetchFixture.drain(cat)
            #expect(octets == blob.octets.getSlice(at: 999_993, length: 7))
            #expect(library.segments(by: "cat") == [blob.final])
        }
    }
}

extension Sequence where Element: Hashable {
    fileprivate func uniqued() -> [Element] { Array(Set(self)) }
}
