import NIOCore
import Testing

@testable import NDN

@Suite struct ReaderChunksTests {
    /// All that can be taken.
    private static func taken(_ chunks: inout ReaderChunks) -> [String] {
        var taken: [String] = []
        while let (octets, offset) = chunks.take() { taken.append("\(offset) \(String(buffer: octets))") }
        return taken
    }

    @Test func whatIsNotWantedAndWhatWasPushedBeforeIsLeftOut() {
        var chunks = ReaderChunks()
        chunks.restrict(to: BlobParts([2..<4, 7..<9]))
        #expect(chunks.progress.position == 2)
        chunks.push([ByteBuffer(string: "abc"), ByteBuffer(string: "def")], at: 0)
        chunks.push([ByteBuffer(string: "def"), ByteBuffer(string: "ghijk")], at: 3)
        #expect(Self.taken(&chunks) == ["2 c", "3 d", "7 hi"])
        #expect(chunks.progress.position == 9 && chunks.progress.isDrained, "nothing more is wanted")
    }

    @Test func aReaderIsDrainedOnceItIsDoneWithTheLastChunk() {
        var chunks = ReaderChunks()
        #expect(chunks.progress.isWaiting)
        chunks.push([ByteBuffer(string: "abc")], at: 0)
        #expect(!chunks.progress.isWaiting && chunks.take() != nil)
        chunks.finish(.success(()))
        #expect(chunks.progress.held == 3 && !chunks.progress.isDrained)
        chunks.release()
        #expect(chunks.progress.held == 0 && chunks.progress.isDrained && !chunks.progress.isWaiting)
    }

    @Test func whatIsCutOffIsPushedAgain() {
        var chunks = ReaderChunks()
        chunks.push([ByteBuffer(string: "abc"), ByteBuffer(string: "def"), ByteBuffer(string: "ghi")], at: 0)
        _ = chunks.take()
        chunks.truncate(to: 4)
        chunks.push([ByteBuffer(string: "DEF")], at: 3)
        #expect(Self.taken(&chunks) == ["3 d", "4 EF"])
        chunks.truncate(to: 2)
        chunks.push([ByteBuffer(string: "cdefgh")], at: 2)
        #expect(Self.taken(&chunks) == ["6 gh"], "what was taken stays")
    }

    @Test func theFirstEndCounts() {
        var chunks = ReaderChunks()
        chunks.finish(.failure(.stalled))
        chunks.finish(.success(()))
        chunks.push([ByteBuffer(string: "abc")], at: 0)
        #expect(chunks.isEmpty)
        guard case .failure(.stalled) = chunks.outcome else {
            Issue.record("\(String(describing: chunks.outcome))")
            return
        }
    }

    @Test func whoGoesAwayLeavesNothingBehind() {
        var chunks = ReaderChunks()
        chunks.push([ByteBuffer(string: "abc")], at: 0)
        chunks.cancel()
        #expect(chunks.isEmpty && chunks.progress.isGone)
        guard case .failure(.cancelled) = chunks.outcome else {
            Issue.record("\(String(describing: chunks.outcome))")
            return
        }
        var read = ReaderChunks()
        read.finish(.success(()))
        read.cancel()
        guard read.isGone, case .success = read.outcome else {
            Issue.record("having read to the end does not stay: \(String(describing: read.outcome))")
            return
        }
    }
}
