import NIOCore
import Testing

@testable import RegistryNDN

/// Where bytes came from in the last hour, minute by minute.
@Suite struct ByteHistoryTests {
    private static func time(_ seconds: Double) -> NIODeadline {
        .uptimeNanoseconds(600_000_000_000) + .nanoseconds(Int64(seconds * 1e9))
    }

    private var history = ByteHistory(now: Self.time(0))

    /// What came over NDN, by the minute: 0 is the one of this moment, -1 the one before.
    private func minutes(at seconds: Double) -> [Int: UInt64] {
        var history = history
        let minutes = history.minutes(now: Self.time(seconds))
        #expect(minutes.count == 60)
        return Dictionary(uniqueKeysWithValues: minutes.enumerated().filter { $1.ndn > 0 }.map { ($0 - 59, $1.ndn) })
    }

    @Test mutating func whatCameInAMinuteStandsThereAndGoesAfterAnHour() {
        history.add(ndn: 10, upstream: 3, from: Self.time(1), to: Self.time(2))
        history.add(ndn: 5, upstream: 0, from: Self.time(70), to: Self.time(71))
        #expect(minutes(at: 75) == [0: 5, -1: 10])
        let minute = history.minutes(now: Self.time(75))[58]
        #expect(minute == .init(ndn: 10, upstream: 3))
        #expect(minutes(at: 3599) == [-59: 10, -58: 5])
        #expect(minutes(at: 3600) == [-59: 5])
        #expect(minutes(at: 100_000) == [:])
    }

    @Test mutating func aLongRequestIsSpreadOverItsMinutes() {
        history.add(ndn: 1000, upstream: 0, from: Self.time(30), to: Self.time(180))
        #expect(minutes(at: 180) == [-3: 200, -2: 400, -1: 400])
    }

    @Test mutating func nothingIsLostByRounding() {
        history.add(ndn: 7, upstream: 0, from: Self.time(10), to: Self.time(190))
        #expect(minutes(at: 190).values.reduce(0, +) == 7)
        history.add(ndn: 1 << 52, upstream: 0, from: Self.time(200), to: Self.time(200))
        #expect(minutes(at: 200).values.reduce(0, +) == 7 + 4_503_599_627_370_496)
    }

    @Test mutating func ofARequestOfManyHoursTheLastHourIsTold() {
        history.add(ndn: 24_000, upstream: 0, from: Self.time(0), to: Self.time(24 * 3600))
        let told = minutes(at: 24 * 3600)
        #expect(told.count == 59 && told.values.allSatisfy { 16...17 ~= $0 })
    }
}
