internal import NDN
internal import NIOHTTP1

/// What the client is told when neither path gave an answer.
enum GatewayError {
    /// Never 404: Docker does not ask again after that.
    static func answer(to error: any Error, _ record: RequestRecord) -> (HTTPResponseStatus, OCIError) {
        // The upstream has nothing to do with it.
        if let late = (error as? UpstreamError)?.underlying as? RequestBodyFailure ?? error as? RequestBodyFailure {
            return (.requestTimeout, late.answer)
        }
        let words = ErrorSentence.of(error)
        switch error {
        case FetchError.busy:
            let message = "too many blobs at once: try again"
            return (.serviceUnavailable, OCIError(.unavailable, message: message, detail: "\(error)"))
        case BlobFailure.notOverNDN, BlobFailure.elsewhere:
            let detail = record.fallback.map { "\($0); \(words)" } ?? words
            return (.gatewayTimeout, OCIError(.unavailable, message: "NDN does not deliver the blob", detail: detail))
        default:
            return answer(to: error, detail: record.fallback.map { "NDN: \($0); upstream: \(words)" } ?? words)
        }
    }

    private static func answer(to error: any Error, detail: String) -> (HTTPResponseStatus, OCIError) {
        switch error {
        case let error as UpstreamError where error.code == .timeout || error.code == .slow:
            return (.gatewayTimeout, OCIError(.unavailable, message: "the upstream does not answer", detail: detail))
        case let error as UpstreamError:
            if case .later(let status, _) = error.code {
                let code: OCIError.Code = status == 429 ? .tooManyRequests : .unavailable
                return (.init(statusCode: Int(status)), OCIError(code, message: "\(error)"))
            }
            return (.badGateway, OCIError(.unavailable, message: "the upstream cannot be reached", detail: detail))
        case is BlobFailure:
            let message = "what the upstream sent is not the blob"
            return (.badGateway, OCIError(.digestInvalid, message: message, detail: detail))
        default:
            return (.badGateway, OCIError(.unknown, message: "the request could not be served", detail: detail))
        }
    }

    /// The fields of that answer beside those of its body.
    static func headers(for error: any Error) -> HTTPHeaders {
        if case FetchError.busy = error { return ["Retry-After": "1"] }
        guard let error = error as? UpstreamError, case .later(_, let seconds?) = error.code else { return [:] }
        return ["Retry-After": "\(seconds)"]
    }
}
