internal import NIOHTTP1

/// What the client is told when neither path gave an answer.
enum GatewayError {
    /// Never 404: Docker does not ask again after that.
    static func answer(to error: any Error, _ record: RequestRecord) -> (HTTPResponseStatus, OCIError) {
        // The upstream has nothing to do with it.
        if let late = (error as? UpstreamError)?.underlying as? RequestBodyFailure ?? error as? RequestBodyFailure {
            return (.requestTimeout, late.answer)
        }
        let detail =
            record.fallback.map { "NDN: \($0); upstream: \(ErrorSentence.of(error))" } ?? ErrorSentence.of(error)
        switch error {
        case let error as UpstreamError where error.code == .timeout || error.code == .slow:
            return (.gatewayTimeout, OCIError(.unavailable, message: "the upstream does not answer", detail: detail))
        case is UpstreamError:
            return (.badGateway, OCIError(.unavailable, message: "the upstream cannot be reached", detail: detail))
        case BlobFailure.notOverNDN, BlobFailure.elsewhere:
            return (.gatewayTimeout, OCIError(.unavailable, message: "NDN does not deliver the blob", detail: detail))
        case is BlobFailure:
            let message = "what the upstream sent is not the blob"
            return (.badGateway, OCIError(.digestInvalid, message: message, detail: detail))
        default:
            return (.badGateway, OCIError(.unknown, message: "the request could not be served", detail: detail))
        }
    }
}
