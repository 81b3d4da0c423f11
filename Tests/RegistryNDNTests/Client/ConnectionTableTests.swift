import NDNSimulation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Room for connections") struct ConnectionTableTests {
    private typealias Table = ConnectionTable<Int>
    private let start = NIODeadline.uptimeNanoseconds(1 << 40)
    private let here = Table.Host.loopback
    private let there = Table.Host.address([192, 0, 2, 1])

    private func served(_ verdict: Table.Verdict) -> Int? {
        switch verdict {
        case .served(let id), .instead(let id, of: _): id
        case .refused, .closed: nil
        }
    }

    private func leaving(_ verdict: Table.Verdict) -> Int? {
        if case .instead(_, of: let connection) = verdict { connection } else { nil }
    }

    /// Half a head each, from one host, as many as it likes: nobody else notices, and it finds room itself.
    @Test func whoOnlyHoldsConnectionsKeepsNobodyOut() {
        var table = Table(limit: 8)
        for number in 0..<1000 {
            let (verdict, isNews) = table.enter(number, from: there, now: start + .milliseconds(Int64(number)))
            #expect(leaving(verdict) == (number < 4 ? nil : number - 4))
            #expect(isNews == (number == 4))
        }
        for number in 0..<4 {
            let (verdict, _) = table.enter(2000 + number, from: here, now: start + .seconds(2))
            guard case .served = verdict else {
                Issue.record("no room: \(verdict)")
                return
            }
        }
    }

    @Test func whoIsServedStays() {
        var table = Table(limit: 4)
        let ids = (0..<2).compactMap { served(table.enter($0, from: here, now: start).verdict) }
        for id in ids { table.works(id) }
        guard case .refused(let refused) = table.enter(2, from: here, now: start).verdict else {
            Issue.record("more than its share")
            return
        }
        // Who comes back to waiting makes room, the longest wait first.
        table.waits(ids[1])
        table.waits(ids[0])
        #expect(leaving(table.enter(3, from: here, now: start + .seconds(3)).verdict) == 1)
        #expect(leaving(table.enter(4, from: here, now: start + .seconds(3)).verdict) == 0)
        table.leave(refused)
        // Those that lost their seat leave as well; that is no seat of another one's.
        for id in ids { table.leave(id) }
        #expect(leaving(table.enter(5, from: here, now: start + .seconds(4)).verdict) == 3)
    }

    @Test func aFullTableTakesFromWhoHasMost() {
        var table = Table(limit: 6)
        for number in 0..<3 { _ = table.enter(number, from: there, now: start + .seconds(5)) }
        for number in 3..<5 { _ = table.enter(number, from: here, now: start) }
        _ = table.enter(5, from: .address([192, 0, 2, 2]), now: start)
        #expect(leaving(table.enter(6, from: .address([192, 0, 2, 3]), now: start + .seconds(6)).verdict) == 0)
    }

    /// Of all who wait, who began to do so first, whatever came between.
    @Test func theLongestWaitEndsFirst() {
        var random = SplitMix64(seed: 7)
        var table = Table(limit: 40)
        // Of one host, which may have 20: in the order in which they began to wait.
        var waiting: [Int] = []
        var working: [Int] = []
        var ids: [Int: Int] = [:]
        for number in 0..<5000 {
            switch random.next() % 4 {
            case 0 where !waiting.isEmpty:
                let chosen = waiting.remove(at: Int(random.next() % UInt64(waiting.count)))
                table.works(ids[chosen] ?? 0)
                working.append(chosen)
            case 1 where !working.isEmpty:
                let chosen = working.remove(at: Int(random.next() % UInt64(working.count)))
                table.waits(ids[chosen] ?? 0)
                waiting.append(chosen)
            case 2 where !waiting.isEmpty && random.next() % 4 == 0:
                table.leave(ids[waiting.removeLast()] ?? 0)
            default:
                let isFull = waiting.count + working.count == 20
                let (verdict, _) = table.enter(number, from: there, now: start)
                guard let id = served(verdict) else {
                    #expect(isFull && waiting.isEmpty)
                    if case .refused(let id) = verdict { table.leave(id) }
                    continue
                }
                #expect(leaving(verdict) == (isFull ? waiting.removeFirst() : nil))
                ids[number] = id
                waiting.append(number)
            }
        }
    }

    @Test func onlySoManyAreToldThatThereIsNoRoom() {
        var table = Table(limit: 2)
        for number in 0..<1 {
            if let id = served(table.enter(number, from: here, now: start).verdict) { table.works(id) }
        }
        for _ in 0..<Table.refusals {
            guard case .refused = table.enter(9, from: here, now: start).verdict else {
                Issue.record("not told")
                return
            }
        }
        guard case .closed = table.enter(9, from: here, now: start).verdict else {
            Issue.record("told without end")
            return
        }
    }

    @Test func aLineIsWorthOncePerEpisode() {
        var table = Table(limit: 2)
        let news = [0, 1, 30, 60, 121, 200].map { second in
            table.enter(second, from: here, now: start + .seconds(Int64(second))).isNews
        }
        #expect(news == [false, true, false, false, true, true])
    }

    @Test(arguments: [
        ("127.0.0.1", "127.8.9.1", true), ("127.0.0.1", "::1", true), ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "192.0.2.1", true), ("2001:db8::1", "2001:db8::ffff:1:2:3", true),
        ("2001:db8::1", "2001:db8:0:1::1", false), ("127.0.0.1", "192.0.2.1", false),
    ])
    func addressesOfOneHost(one: String, other: String, isSame: Bool) throws {
        let hosts = try [one, other].map { Table.Host(try SocketAddress(ipAddress: $0, port: 1)) }
        #expect((hosts[0] == hosts[1]) == isSame)
    }
}
