import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite(.timeLimit(.minutes(1))) struct RequestBodyTests {
    @Test func chunksComeInOrderAndThenTheEnd() async throws {
        let body = RequestBody()
        async let sent = [body.send(ByteBuffer(string: "a")), body.send(ByteBuffer(string: "b"))]
        var text = ""
        let chunks = body.makeAsyncIterator()
        while text.count < 2, let chunk = try await chunks.next() { text += String(buffer: chunk) }
        let isTaken = await sent
        body.finish()
        let end = try await chunks.next()
        #expect(text == "ab")
        #expect(isTaken == [true, true])
        #expect(end == nil)
    }

    @Test func itsBeginIsNotLost() async throws {
        let body = RequestBody()
        async let sent = [body.send(ByteBuffer(string: "a")), body.send(ByteBuffer(string: "b"))]
        try await body.begin()
        var text = ""
        let chunks = body.makeAsyncIterator()
        while text.count < 2, let chunk = try await chunks.next() { text += String(buffer: chunk) }
        #expect(text == "ab")
        #expect(await sent == [true, true])
        let empty = RequestBody()
        empty.finish()
        try await empty.begin()
        #expect(try await empty.makeAsyncIterator().next() == nil)
        let late = RequestBody()
        late.finish(.failure(RequestBodyFailure.slow(rate: 1)))
        await #expect(throws: RequestBodyFailure.slow(rate: 1)) { try await late.begin() }
    }

    @Test func nobodyTakesWhatIsSentAfterAbandoning() async throws {
        let body = RequestBody()
        body.abandon()
        #expect(await body.send(ByteBuffer(string: "a")) == false)
    }

    /// The runtime holds a lock of the reading task while that is cancelled, and wants it when the task is resumed.
    @Test func cancellingWhileTheBodyEndsBlocksNobody() async throws {
        for _ in 0..<5000 {
            let body = RequestBody()
            await withTaskGroup(of: Void.self) { group in
                let reader = Task {
                    for try await _ in body {}
                }
                group.addTask { body.finish() }
                group.addTask { reader.cancel() }
                group.addTask { _ = await body.send(ByteBuffer(string: "a")) }
                _ = try? await reader.value
                body.abandon()
            }
        }
    }
}
