import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct DatagramBatchTests {
    private static func datagram(_ size: Int, _ octet: UInt8 = 1) -> ByteBuffer {
        ByteBuffer(repeating: octet, count: size)
    }

    private static func sizes(_ send: DatagramSend?) -> [Int] {
        send.map { $0.singles.map(\.octets.readableBytes) } ?? []
    }

    @Test func equalSizesGoTogetherAndAShorterOneEndsTheRun() {
        var batch = DatagramBatch()
        for size in [100, 100, 60] { #expect(Self.sizes(batch.add(Self.datagram(size))) == []) }
        #expect(Self.sizes(batch.add(Self.datagram(60))) == [100, 100, 60])
        let last = batch.take()
        #expect(last?.segmentSize == nil)
        #expect(Self.sizes(last) == [60])
        #expect(Self.sizes(batch.take()) == [])
    }

    @Test func aLongerOneBeginsTheNextRun() {
        var batch = DatagramBatch()
        _ = batch.add(Self.datagram(100))
        #expect(Self.sizes(batch.add(Self.datagram(101))) == [100])
        #expect(Self.sizes(batch.take()) == [101])
    }

    @Test func octetsStayInOrder() {
        var batch = DatagramBatch()
        for octet in UInt8(1)...5 { #expect(Self.sizes(batch.add(Self.datagram(10, octet))) == []) }
        let run = batch.take()
        #expect(run?.segmentSize == 10)
        #expect(run?.count == 5)
        #expect(
            run?.singles.map { $0.octets.getInteger(at: $0.octets.readerIndex, as: UInt8.self) } == [1, 2, 3, 4, 5])
    }

    /// At most 64 datagrams and 65,507 octets a send (docs/protocol.md 7.7).
    @Test(arguments: [(40, 64), (1400, 46), (7900, 8), (65_507, 1)])
    func runsRespectTheKernelsBounds(size: Int, most: Int) {
        var batch = DatagramBatch()
        var runs: [DatagramSend] = []
        for _ in 0..<most * 2 {
            if let run = batch.add(Self.datagram(size)) { runs.append(run) }
        }
        if let run = batch.take() { runs.append(run) }
        #expect(runs.map(\.count) == [most, most])
        let train = Self.datagram(size * (most * 2 - 1) + 1)
        let sends = Array(DatagramBatch.sends(of: train, segmentSize: size))
        #expect(sends.map(\.count) == [most, most])
        #expect(sends.reduce(0) { $0 + $1.octets.readableBytes } == train.readableBytes)
    }
}
