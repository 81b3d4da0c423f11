internal import NIOCore
internal import NIOHTTP1

extension ResponseWriter {
    /// Answers with an error made here, as the OCI distribution specification wants it.
    mutating func send(_ error: OCIError, _ status: HTTPResponseStatus) async throws {
        let headers: HTTPHeaders = [
            "Content-Type": OCIError.contentType, "Docker-Distribution-API-Version": "registry/2.0",
        ]
        try await send(status, headers, ByteBuffer(string: error.body))
    }

    mutating func refuse(_ refusal: RequestRefusal) async throws {
        try await send(OCIError(.unsupported, message: "request refused: \(refusal.reason)"), refusal.status)
    }
}
