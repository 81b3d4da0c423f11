internal import Logging
internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// Logs at the start what the first request would find out: that the upstream does not answer, or is no registry; now and then
/// that it is still so, and later that it is there.
struct UpstreamCheck {
    let upstream: UpstreamClient
    /// What the log calls the upstream, as in "the registry does not answer".
    let noun: String
    /// What does not work until it answers.
    let consequence: String
    let logger: Logger

    private static let pauses: (first: TimeAmount, longest: TimeAmount) = (.seconds(1), .seconds(30))

    /// Asks until there is an answer that asking again would not change; its head, nil when the task is cancelled.
    func run() async -> HTTPResponseHead? {
        var backoff = Backoff(minimum: Self.pauses.first, maximum: Self.pauses.longest)
        var complaint: String?
        var trouble = TroubleReminder()
        while !Task.isCancelled {
            let (head, found) = await ask()
            guard !Task.isCancelled else { break }
            if let found {
                let word = trouble.look(now: .now())
                if found != complaint || word != .none { warn(found, word) }
            }
            if let head, head.status.code < 500 {
                if complaint != nil, found == nil {
                    logger.notice("the \(noun) answers now", metadata: ["url": "\(upstream.base)"])
                }
                return head
            }
            complaint = found
            try? await Task.sleep(for: .nanoseconds(backoff.next(random: .random(in: 0..<1)).nanoseconds))
        }
        return nil
    }

    private func warn(_ complaint: String, _ word: TroubleReminder.Word) {
        var metadata: Logger.Metadata = ["url": "\(upstream.base)", "why": "\(complaint)"]
        if case .reminder(let time) = word { metadata["for"] = "\(TroubleReminder.words(time))" }
        logger.warning("the \(noun) is not there as it should be; \(consequence)", metadata: metadata)
    }

    /// What `/v2/` is answered with, and what is wrong with that.
    private func ask() async -> (HTTPResponseHead?, String?) {
        do {
            let root = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/")
            let hasCredential = upstream.configuration.credentials != nil
            // Without a credential of ours, a challenge is answer enough.
            let answer = try await hasCredential ? upstream.relay(root) : upstream.execute(root)
            for try await _ in answer.body {}
            return (answer.head, Self.complaint(answer.head.status, hasCredential))
        } catch {
            return (nil, ErrorSentence.of(error))
        }
    }

    /// What is wrong with a registry that answers `/v2/` so; nil when nothing is. Many ask for a login there and serve much
    /// without one.
    static func complaint(_ status: HTTPResponseStatus, _ hasCredential: Bool) -> String? {
        switch status.code {
        case 401 where hasCredential, 403 where hasCredential:
            "it answers \(status.code) to the credentials: are they for this registry, and still good?"
        case 200..<400, 401, 403, 429: nil
        case 500...: "it answers \(status.code) \(status.reasonPhrase)"
        default: "it answers \(status.code) \(status.reasonPhrase) to /v2/: is this the URL of a registry?"
        }
    }
}
