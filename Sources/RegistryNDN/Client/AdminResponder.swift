internal import NIOCore
internal import NIOHTTP1

/// Answers those who watch a program, at an endpoint of their own; whatever host they name.
package struct AdminResponder: HTTPResponder {
    private let answers: AdminAnswers

    package init(_ answers: AdminAnswers) { self.answers = answers }

    package func respond(to request: HTTPRequest, _ response: inout ResponseWriter) async throws {
        try await response.send(
            await answers.answer(request.head.method, request.head.uri) ?? AdminAnswers.notFound)
    }
}

extension ResponseWriter {
    mutating func send(_ answer: AdminAnswers.Answer) async throws {
        try await send(answer.status, answer.headers, ByteBuffer(string: answer.body))
    }
}
