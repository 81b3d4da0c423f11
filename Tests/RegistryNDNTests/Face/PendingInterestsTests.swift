import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct PendingInterestsTests {
    private var table = PendingInterests<String>()

    private static func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

    @discardableResult
    private mutating func insert(
        _ uri: String, _ waiter: String, canBePrefix: Bool = false, nonce: UInt32 = 1, deadline: Int64 = 1000
    ) throws -> PendingInterests<String>.ID {
        table.insert(
            name: try Name(uri: uri), canBePrefix: canBePrefix, nonce: nonce, deadline: Self.at(deadline),
            waiter: waiter)
    }

    private mutating func satisfied(_ uri: String, digest: NameComponent? = nil) throws -> [String] {
        table.satisfy(try Name(uri: uri)) { digest }.map(\.waiter).sorted()
    }

    @Test mutating func exactNamesAndPrefixesAreSatisfiedOnce() throws {
        try insert("/a/b", "exact")
        try insert("/a", "prefix", canBePrefix: true)
        try insert("/a", "shorter")
        try insert("/c", "other", canBePrefix: true)
        #expect(try satisfied("/a/b") == ["exact", "prefix"])
        #expect(try satisfied("/a/b") == [])
        #expect(try satisfied("/a") == ["shorter"])
        #expect(table.count == 1)
    }

    @Test mutating func theDigestIsComputedOnlyForWhoNamesOne() throws {
        let digest = try NameComponent(
            type: NameComponent.implicitDigestType, value: ByteBuffer(repeating: 7, count: 32))
        try insert("/a", "plain")
        _ = table.satisfy(try Name(uri: "/a")) {
            Issue.record("the digest was computed for nobody")
            return nil
        }
        table.insert(
            name: try Name(uri: "/a").appending(digest), canBePrefix: false, nonce: 1, deadline: Self.at(1),
            waiter: "digest")
        #expect(try satisfied("/a", digest: digest) == ["digest"])
        #expect(table.isEmpty)
    }

    @Test mutating func aNackEndsTheTransmissionThatItAnswers() throws {
        try insert("/a", "first", nonce: 1)
        try insert("/a", "second", nonce: 2)
        #expect(table.reject(try Name(uri: "/a"), nonce: 3)?.waiter == nil)
        #expect(table.reject(try Name(uri: "/a"), nonce: 2)?.waiter == "second")
        #expect(table.reject(try Name(uri: "/a"), nonce: 2)?.waiter == nil)
        #expect(try satisfied("/a") == ["first"])
    }

    @Test mutating func deadlinesExpireInTheirOrder() throws {
        try insert("/late", "late", deadline: 30)
        try insert("/early", "early", deadline: 10)
        let gone = try insert("/gone", "gone", deadline: 5)
        table.remove(gone)
        // The removed one's deadline may still be in line: earlier than needed, never later.
        #expect(try #require(table.earliestDeadline) <= Self.at(10))
        #expect(table.expire(now: Self.at(9)).isEmpty)
        #expect(table.expire(now: Self.at(10)).map(\.waiter) == ["early"])
        #expect(table.earliestDeadline == Self.at(30))
        #expect(table.expire(now: Self.at(1000)).map(\.waiter) == ["late"])
        #expect(table.earliestDeadline == nil)
    }

    @Test mutating func allLeaveInTheOrderOfTheirArrival() throws {
        for number in 0..<20 { try insert("/\(number)", "\(number)") }
        #expect(table.removeAll().map(\.waiter) == (0..<20).map { "\($0)" })
        #expect(table.isEmpty)
        #expect(table.earliestDeadline == nil)
    }
}
