internal import NDN
internal import NIOHTTP1

/// The response to a request for which neither NDN nor the upstream gave an answer: a status, an error of the OCI distribution
/// specification as the body, and fields beside those of the body.
struct ErrorResponse {
    let status: HTTPResponseStatus
    let error: OCIError
    var headers: HTTPHeaders = [:]

    /// Never 404: Docker does not ask again after that.
    ///
    /// - Parameter record: what is known of the request so far.
    init(to error: any Error, _ record: RequestRecord) {
        let words = ErrorSentence.of(error)
        // The client's own fault, though the upstream's client may be who noticed it.
        if let late = (error as? UpstreamError)?.underlying as? RequestBodyFailure ?? error as? RequestBodyFailure {
            self.init(.requestTimeout, late.answer)
            return
        }
        let detail = record.fallback.map { "NDN: \($0); upstream: \(words)" } ?? words
        switch error {
        case FetchError.busy:
            let message = "too many blobs at once: try again"
            self.init(.serviceUnavailable, OCIError(.unavailable, message: message, detail: "\(error)"))
            headers = ["Retry-After": "1"]
        case BlobFailure.notOverNDN, BlobFailure.elsewhere:
            let detail = record.fallback.map { "\($0); \(words)" } ?? words
            self.init(.gatewayTimeout, OCIError(.unavailable, message: "NDN does not deliver the blob", detail: detail))
        case let error as UpstreamError: self.init(to: error, detail: detail)
        case is BlobFailure:
            let message = "what the upstream sent is not the blob"
            self.init(.badGateway, OCIError(.digestInvalid, message: message, detail: detail))
        default:
            self.init(.badGateway, OCIError(.unknown, message: "the request could not be served", detail: detail))
        }
    }

    private init(to error: UpstreamError, detail: String) {
        switch error.code {
        case .timeout, .slow:
            self.init(.gatewayTimeout, OCIError(.unavailable, message: "the upstream does not answer", detail: detail))
        case .later(let status, let seconds):
            let code: OCIError.Code = status == 429 ? .tooManyRequests : .unavailable
            self.init(.init(statusCode: Int(status)), OCIError(code, message: "\(error)"))
            if let seconds { headers = ["Retry-After": "\(seconds)"] }
        case .malformed, .range:
            let message = "what the upstream answers cannot be used"
            self.init(.badGateway, OCIError(.unavailable, message: message, detail: detail))
        default:
            self.init(.badGateway, OCIError(.unavailable, message: "the upstream cannot be reached", detail: detail))
        }
    }

    private init(_ status: HTTPResponseStatus, _ error: OCIError) {
        (self.status, self.error) = (status, error)
    }
}
