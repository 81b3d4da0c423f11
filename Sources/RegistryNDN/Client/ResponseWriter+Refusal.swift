internal import NDN
internal import NIOCore
internal import NIOHTTP1

extension ResponseWriter {
    /// Answers with an error made here, as the OCI distribution specification wants it.
    mutating func send(
        _ error: OCIError, _ status: HTTPResponseStatus, _ headers: HTTPHeaders = [:]
    ) async throws {
        var headers = headers
        headers.add(name: "Content-Type", value: OCIError.contentType)
        headers.add(name: "Docker-Distribution-API-Version", value: "registry/2.0")
        try await send(status, headers, ByteBuffer(string: error.body))
    }

    /// RFC 9110 section 15.5.17: none of the octets asked for exists.
    mutating func refuseRange(size: UInt64) async throws {
        let error = OCIError(.rangeInvalid, message: "the blob ends before the range", detail: "bytes */\(size)")
        let headers: HTTPHeaders = [
            "Content-Range": "bytes */\(size)", "Content-Type": OCIError.contentType,
            "Docker-Distribution-Api-Version": "registry/2.0",
        ]
        try await send(.rangeNotSatisfiable, headers, ByteBuffer(string: error.body))
    }

    /// RFC 9110 section 15.6.4: the same request may be served in a moment.
    mutating func refuseForNow(_ why: String) async throws {
        let error = OCIError(.unavailable, message: "\(why): ask again in a moment")
        let headers: HTTPHeaders = [
            "Retry-After": "1", "Content-Type": OCIError.contentType, "Docker-Distribution-Api-Version": "registry/2.0",
        ]
        try await send(.serviceUnavailable, headers, ByteBuffer(string: error.body))
    }

    mutating func refuse(_ refusal: RequestRefusal) async throws {
        try await send(OCIError(.unsupported, message: "request refused: \(refusal.reason)"), refusal.status)
    }
}
