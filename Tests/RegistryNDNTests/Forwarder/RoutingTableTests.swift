import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: RoutingTable")
struct RoutingTableTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func name(_ uri: String) throws -> Name { try Name(uri: uri) }

    private func faces(_ table: RoutingTable, _ uri: String) throws -> [UInt64] {
        table.nextHops(for: try name(uri)).map(\.face)
    }

    @Test func theLongestPrefixWins() throws {
        var table = RoutingTable()
        try table.register(name("/"), .init(face: 1, flags: []))
        try table.register(name("/a"), .init(face: 2, flags: []))
        try table.register(name("/a/b/c"), .init(face: 3, flags: []))
        #expect(try faces(table, "/a/b/c/d") == [3])
        #expect(try faces(table, "/a/b") == [2])
        #expect(try faces(table, "/ab") == [1])
        table.unregister(try name("/"), face: 1, origin: 0)
        #expect(try faces(table, "/x") == [])
    }

    @Test func cheapestFirst() throws {
        var table = RoutingTable()
        try table.register(name("/a"), .init(face: 1, cost: 10))
        try table.register(name("/a"), .init(face: 2, cost: 5))
        try table.register(name("/a"), .init(face: 3, cost: 20))
        #expect(try faces(table, "/a/x") == [2, 1, 3])
        try table.register(name("/a"), .init(face: 3, cost: 1))
        #expect(try faces(table, "/a/x") == [3, 2, 1])
        #expect(table.routeCount == 3)
    }

    @Test func aFaceOfTwoOriginsIsOneHop() throws {
        var table = RoutingTable()
        try table.register(name("/a"), .init(face: 1, origin: 0, cost: 7))
        try table.register(name("/a"), .init(face: 1, origin: 255, cost: 3))
        #expect(try table.nextHops(for: name("/a")) == [NextHop(face: 1, cost: 3)])
        table.unregister(try name("/a"), face: 1, origin: 255)
        #expect(try table.nextHops(for: name("/a")) == [NextHop(face: 1, cost: 7)])
        table.unregister(try name("/a"), face: 1, origin: 9)
        #expect(table.routeCount == 1)
    }

    @Test func childInheritHandsDownAndCaptureStops() throws {
        var table = RoutingTable()
        try table.register(name("/"), .init(face: 9, cost: 1, flags: .childInherit))
        try table.register(name("/a"), .init(face: 1, cost: 5, flags: .childInherit))
        try table.register(name("/a/b"), .init(face: 2, cost: 10, flags: []))
        #expect(try faces(table, "/a/b") == [9, 1, 2])
        try table.register(name("/a"), .init(face: 3, cost: 0, flags: .capture))
        #expect(try faces(table, "/a/b") == [1, 2])
        #expect(try faces(table, "/a/x") == [3, 1])
        try table.register(name("/a/b"), .init(face: 4, cost: 1, flags: .capture))
        #expect(try faces(table, "/a/b") == [4, 2])
        table.unregister(try name("/a"), face: 3, origin: 0)
        table.unregister(try name("/a/b"), face: 4, origin: 0)
        #expect(try faces(table, "/a/b") == [9, 1, 2])
    }

    @Test func routesGoWithTheirFace() throws {
        var table = RoutingTable()
        try table.register(name("/a"), .init(face: 1))
        try table.register(name("/a"), .init(face: 2))
        try table.register(name("/b"), .init(face: 1))
        table.removeFace(1)
        #expect(try faces(table, "/a") == [2])
        #expect(try faces(table, "/b") == [])
        #expect(table.count == 1)
    }

    @Test func routesExpire() throws {
        var table = RoutingTable()
        try table.register(name("/a"), .init(face: 1, expiry: now + .seconds(10)))
        try table.register(name("/b"), .init(face: 1, expiry: now + .seconds(20)))
        try table.register(name("/c"), .init(face: 1))
        #expect(table.deadline == now + .seconds(10))
        table.expire(now: now + .seconds(9))
        #expect(try faces(table, "/a") == [1])
        table.expire(now: now + .seconds(10))
        #expect(try faces(table, "/a") == [])
        #expect(table.deadline == now + .seconds(20))
        try table.register(name("/b"), .init(face: 1, expiry: now + .seconds(60)))
        table.expire(now: now + .seconds(21))
        #expect(try faces(table, "/b") == [1])
        #expect(table.deadline == now + .seconds(60))
    }

    @Test func boundsAreKept() throws {
        var table = RoutingTable(capacity: 2)
        try table.register(name("/a"), .init(face: 1))
        try table.register(name("/b"), .init(face: 1))
        #expect(throws: RoutingTable.Refusal.tableFull) { try table.register(name("/c"), .init(face: 1)) }
        try table.register(name("/a"), .init(face: 1, cost: 3))
        let long = try name("/" + Array(repeating: "x", count: 33).joined(separator: "/"))
        #expect(throws: RoutingTable.Refusal.prefixTooLong) { try table.register(long, .init(face: 1)) }
    }

    @Test func listsInOrderWithTheTimeLeft() throws {
        var table = RoutingTable()
        try table.register(name("/b"), .init(face: 2, origin: 65, cost: 4, expiry: now + .seconds(3)))
        try table.register(name("/a"), .init(face: 1))
        let expected = [
            RibEntry(name: try name("/a"), routes: [.init(faceID: 1)]),
            RibEntry(
                name: try name("/b"), routes: [.init(faceID: 2, origin: 65, cost: 4, expirationPeriod: 2000)]),
        ]
        #expect(table.list(now: now + .seconds(1)) == expected)
    }
}
