import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Ranges without an end, whose readers hang up after a part of them.
@Suite(.timeLimit(.minutes(1))) struct FetchOpenRangeTests {
    private static let chunk: UInt64 = 8 << 20
    private let name = TestBlob("a", size: 1).name
    private let other = TestBlob("b", size: 1).name

    @Test func oneEndsWhereTheNextBegins() {
        var habits = ReadHabits()
        #expect(habits.end(of: name, from: 0) == nil)
        habits.began(name, at: 0)
        #expect(habits.end(of: name, from: 0) == nil)
        habits.began(name, at: 2 * Self.chunk)
        #expect(habits.end(of: name, from: 0) == 2 * Self.chunk && habits.end(of: name, from: 2 * Self.chunk) == nil)
        habits.began(name, at: Self.chunk)
        // Now the chunk is known, and the last reader's end, and that of readers of other blobs, with it.
        for begin in [0, Self.chunk, 2 * Self.chunk, 5] {
            #expect(habits.end(of: name, from: begin) == begin + Self.chunk)
            #expect(habits.end(of: other, from: begin) == begin + Self.chunk)
        }
        #expect(habits.end(of: name, from: .max) == nil)
        // Of a blob that is read in another way its own offsets count.
        habits.began(other, at: 0)
        habits.began(other, at: 3 * Self.chunk)
        #expect(habits.end(of: other, from: 0) == 3 * Self.chunk)
    }

    @Test func smallDistancesAndManyBeginsSayNothing() {
        var habits = ReadHabits()
        for begin in 0..<UInt64(10) { habits.began(name, at: begin * 1_000) }
        #expect(habits.end(of: name, from: 0) == nil)
        for blob in 0..<100 { habits.began(TestBlob("\(blob)", size: 1).name, at: 0) }
        for begin in 0..<UInt64(3_000) { habits.began(name, at: begin * Self.chunk) }
        #expect(habits.end(of: name, from: 0) == Self.chunk)
    }

    @Test func whoDoesNotHangUpGoesOnInLongerAndLongerSteps() {
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var pause = ReadPause(end: Self.chunk)
        pause.expect(2 * Self.chunk)
        #expect(pause.look(isReached: false, now: now) && pause.until == nil && pause.end == 2 * Self.chunk)
        var ends: [UInt64] = []
        var steps = 0
        while pause.look(isReached: true, now: now) {
            if let until = pause.until {
                // Until then nothing changes.
                let held = pause.look(isReached: true, now: now)
                #expect(held && until - now == ReadPause.patience)
                now = until
            } else {
                ends.append(pause.end - 2 * Self.chunk)
            }
            steps += 1
            guard steps < 100 else { break }
        }
        #expect(ends.prefix(3) == [64 << 10, 192 << 10, 448 << 10] && ends.count == 7)
        // A better guess comes too late.
        pause.expect(1)
        #expect(pause.end > 2 * Self.chunk)
    }

    @Test func aReaderThatGoesAwayMeanwhileStartsThePatienceAnew() {
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var pause = ReadPause(end: 10)
        _ = pause.look(isReached: true, now: now)
        _ = pause.look(isReached: false, now: now + .seconds(1))
        let held = pause.look(isReached: true, now: now + .seconds(2))
        #expect(held && pause.until == now + .seconds(2) + ReadPause.patience && pause.end == 10)
        var last = ReadPause(end: .max)
        _ = last.look(isReached: true, now: now)
        let goesOn = last.look(isReached: true, now: now + .seconds(1))
        #expect(!goesOn)
    }

    @Test func aLimitIsLoweredToWhatWasAskedFor() {
        let script = FetchScript.running(final: 90, limit: 10)
        script.fetch.raiseLimit(to: 50)
        script.fetch.lowerLimit(to: 20)
        #expect(script.fetch.limit == 20)
        script.fetch.lowerLimit(to: 3)
        #expect(script.fetch.limit == script.fetch.unsent && script.fetch.unsent == 10)
        script.fetch.lowerLimit(to: 30)
        #expect(script.fetch.limit == 10)
    }

    /// As containerd reads from release 2.1 on.
    @Test func whatIsHungUpOnIsNotFetchedAhead() async throws {
        let blob = TestBlob("blob", size: 24 << 20)
        let part = UInt64(1 << 20)
        try await FetchFixture.run(handler: { _, segment in blob.answer(segment) }) { fixture in
            let parts = try await withThrowingTaskGroup(of: [UInt64: ByteBuffer].self) { group in
                for worker in 0..<UInt64(4) {
                    group.addTask {
                        var parts: [UInt64: ByteBuffer] = [:]
                        for index in stride(from: worker, to: 24, by: 4) {
                            let reader = try await fixture.fetcher.open(blob.name, range: .from(index * part))
                            var octets = ByteBuffer()
                            while octets.readableBytes < Int(part), let chunk = try await reader.next() {
                                octets.writeImmutableBuffer(chunk)
                            }
                            reader.cancel()
                            parts[index] = octets.getSlice(at: 0, length: Int(part))
                        }
                        return parts
                    }
                }
                return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
            }
            #expect((0..<UInt64(24)).reduce(into: ByteBuffer()) { $0.writeImmutableBuffer(parts[$1]!) } == blob.octets)
            // One segment more at each end of a part, and the final one; the first part may be asked for further before anything
            // is known of where others begin.
            #expect(fixture.producer.interests < 3237 * 11 / 10, "\(fixture.producer.interests) of 3237")
        }
    }

    /// A guess that is wrong costs time, and nothing else.
    @Test func whoReadsOnHasEverything() async throws {
        let blob = TestBlob("blob", size: 6_000_000)
        try await FetchFixture.run(handler: { _, segment in blob.answer(segment) }) { fixture in
            let other = try await fixture.fetcher.open(blob.name, range: .from(2_000_000))
            let reader = try await fixture.fetcher.open(blob.name, range: .from(0))
            let whole = try await fixture.fetcher.open(blob.name)
            async let rest = FetchFixture.drain(other)
            #expect(try await FetchFixture.drain(reader) == blob.octets)
            #expect(try await FetchFixture.drain(whole) == blob.octets)
            #expect(try await rest == blob.octets.getSlice(at: 2_000_000, length: 4_000_000))
            let again = try await fixture.fetcher.open(blob.name, range: .from(1_000_000))
            #expect(try await FetchFixture.drain(again) == blob.octets.getSlice(at: 1_000_000, length: 5_000_000))
        }
    }
}
