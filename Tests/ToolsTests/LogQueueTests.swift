import Testing

@testable import registry_ndn

@Suite("Lines of the log that wait for a reader")
struct LogQueueTests {
    private static func line(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func drain(_ queue: inout LogQueue) -> [String] {
        var texts: [String] = []
        while let item = queue.next() {
            switch item {
            case .line(let octets): texts.append(String(decoding: octets, as: UTF8.self))
            case .gap(let count): texts.append("-\(count)")
            }
        }
        return texts
    }

    @Test("are written in order, and whoever appends to an idle queue has them taken")
    func order() {
        var queue = LogQueue()
        let begins = [queue.append(Self.line("a")), queue.append(Self.line("b"))]
        #expect(begins == [true, false])
        let first = Self.drain(&queue)
        #expect(first == ["a", "b"])
        let beginsAgain = queue.append(Self.line("c"))
        #expect(beginsAgain)
        let second = Self.drain(&queue)
        #expect(second == ["c"])
    }

    @Test("are dropped when there is no room, until half of it is free, and counted where they are missing")
    func bound() {
        var queue = LogQueue(capacity: 8)
        for text in ["aaaa", "bbbb", "cccc", "d"] { _ = queue.append(Self.line(text)) }
        let first = queue.next()
        #expect(first == .line(Self.line("aaaa")))
        _ = queue.append(Self.line("e"))
        let second = queue.next()
        #expect(second == .line(Self.line("bbbb")))
        _ = queue.append(Self.line("f"))
        let rest = Self.drain(&queue)
        #expect(rest == ["-3", "f"])
    }

    @Test("count as missing when they could not be written, and what follows waits for the next line")
    func failure() {
        var queue = LogQueue()
        for text in ["a", "b"] { _ = queue.append(Self.line(text)) }
        let first = queue.next()
        first.map { queue.failed($0) }
        let begins = queue.append(Self.line("c"))
        #expect(begins)
        let gap = queue.next()
        #expect(gap == .gap(1))
        gap.map { queue.failed($0) }
        _ = queue.append(Self.line("d"))
        let rest = Self.drain(&queue)
        #expect(rest == ["-1", "b", "c", "d"])
    }
}
