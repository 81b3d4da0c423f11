import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

@testable import NDN
@testable import RegistryNDN

/// Runs an endpoint on a free port for the duration of `body`.
func withEndpoint<Result: Sendable>(
    _ responder: any HTTPResponder, limits: HTTPLimits = HTTPLimits(), certificate: EndpointCertificate? = nil,
    _ body: (SocketAddress) async throws -> Result
) async throws -> Result {
    let endpoint = try await HTTPEndpoint.bind(
        host: "127.0.0.1", port: 0, limits: limits, certificate: certificate,
        group: MultiThreadedEventLoopGroup.singleton,
        logger: .silent)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await endpoint.run(responder) }
        defer { group.cancelAll() }
        return try await body(endpoint.address!)
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// A responder made of a closure.
struct ClosureResponder: HTTPResponder {
    let answer: @Sendable (HTTPRequest, inout ResponseWriter) async throws -> Void

    init(_ answer: @escaping @Sendable (HTTPRequest, inout ResponseWriter) async throws -> Void) {
        self.answer = answer
    }

    func respond(to request: HTTPRequest, _ response: inout ResponseWriter) async throws {
        try await answer(request, &response)
    }
}

/// Answers every request with its method, target and body.
let echo = ClosureResponder { request, response in
    var text = ByteBuffer(string: "\(request.head.method.rawValue) \(request.head.uri)\n")
    if let body = request.body {
        for try await var chunk in body { text.writeBuffer(&chunk) }
    }
    try await response.send(.ok, [:], text)
}
