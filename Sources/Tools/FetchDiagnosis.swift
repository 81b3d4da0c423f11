import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// Why a blob does not come, in words that say who is to be looked after: the router, the server, or the registry behind it.
struct FetchDiagnosis: Sendable {
    /// What is there while nothing comes.
    enum Finding: Equatable, Sendable {
        /// The blob's server, which may wait for its registry.
        case server
        /// No server of this prefix, but one of a shorter prefix.
        case otherServer(Name)
        case noRoute
        /// The router alone.
        case router
        case nothing
    }

    /// Silence for so long is looked into.
    private static let silence = Duration.seconds(1)
    /// How long those who are asked have for their answer; a lost question is asked once more.
    private static let patience = TimeAmount.seconds(1)

    /// How many shorter prefixes are tried, with the blob's own.
    private static let prefixes = 8

    /// nil for an object that is no blob, whose producer cannot be asked.
    let blob: BlobName?
    /// nil: the best of those that NDN-FCH names.
    let router: FaceURI?
    let logger: Logger

    /// Looks who is there while a blob is waited for, and tells on stderr what is waited for.
    ///
    /// - Parameter patience: how long it may take that nobody answers.
    /// - Returns: who is there, where it is not worth while to wait; nil where it is, or when the task is cancelled.
    func watch(patience: TimeAmount) async -> Finding? {
        let end = NIODeadline.now() + patience
        guard (try? await Task.sleep(for: Self.silence)) != nil else { return nil }
        guard let blob, let router else {
            Terminal.write("nothing yet: waiting for the first answer\n")
            return nil
        }
        Terminal.write("nothing yet from \(router): asking whether it and the server of \(blob.prefix.uri) are there\n")
        let finding = await find(blob, router)
        guard !Task.isCancelled else { return nil }
        guard finding != .server else {
            Terminal.write(
                "the server of \(blob.prefix.uri) is there: waiting for it to get the blob from its registry\n")
            return nil
        }
        guard (try? await Task.sleep(for: .nanoseconds(max(0, (end - .now()).nanoseconds)))) != nil else { return nil }
        return finding
    }

    /// What was wrong.
    func text(_ error: FetchError) -> String {
        guard let blob else { return "\(error)" }
        switch error {
        case .noRoute: return text(Finding.noRoute)
        case .notFound:
            return """
                the server of \(blob.prefix.uri) answers, and has no such blob: its registry does not know the repository \
                \(blob.repository) or this digest in it
                """
        case .noSize:
            // A router that is known was watched: only for a server that is there so much time went by.
            return router == nil ? "nobody answers for \(blob.prefix.uri) through \(place)" : text(Finding.server)
        default: return "\(error)"
        }
    }

    func text(_ finding: Finding) -> String {
        guard let blob else { return "\(FetchError.noSize)" }
        switch finding {
        case .server:
            return """
                the server of \(blob.prefix.uri) is there and does not deliver this blob: its registry does not answer, or \
                is slow; see the server's log
                """
        case .otherServer(let prefix):
            return """
                no server of \(blob.prefix.uri) answers, but one of \(prefix.uri) does: \(Self.hint(blob, prefix))
                """
        case .noRoute:
            return """
                \(place) has no route to \(blob.prefix.uri) (Nack NoRoute): no server has registered this prefix there; is it \
                what the server's --name says?
                """
        case .router:
            return """
                \(place) is there, but nobody behind it answers for \(blob.prefix.uri): is the server running, and \
                is that its --name?
                """
        case .nothing:
            return """
                nothing answers at \(place): no router or server is there, or it knows no way to \(blob.prefix.uri) and \
                does not say so
                """
        }
    }

    private var place: String { router.map { "\($0)" } ?? "the router found by NDN-FCH" }

    /// The same blob with a shorter prefix: a slash within a repository's name was taken for one between components.
    static func hint(_ blob: BlobName, _ prefix: Name) -> String {
        let rest = blob.prefix.components.dropFirst(prefix.count).map { String(buffer: $0.value) }
        guard let repository = RepositoryName((rest + [blob.repository.text]).joined(separator: "/")) else {
            return "is that the --name that is meant?"
        }
        let name = BlobName(prefix: prefix, repository: repository, digest: blob.digest)
        return "if it is meant, write \(name), or %2F for a slash within the repository's name"
    }

    private func find(_ blob: BlobName, _ router: FaceURI) async -> Finding {
        guard
            let pinger = try? await Pinger.connect(
                to: router, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        else { return .nothing }
        // Who is asked has time to answer; the blob, when it comes after all, does not wait for that.
        return await withTaskCancellationHandler {
            var finding = await ask(blob, pinger)
            if finding == .nothing || finding == .router, !Task.isCancelled { finding = await ask(blob, pinger) }
            await pinger.close()
            return finding
        } onCancel: {
            Task { await pinger.close() }
        }
    }

    /// Asks all at once: the server, those of shorter prefixes, and the router, which answers, or refuses with a Nack
    /// (docs/forwarders.md).
    private func ask(_ blob: BlobName, _ pinger: Pinger) async -> Finding {
        let count = blob.prefix.count
        let prefixes = (0..<min(max(1, count), Self.prefixes)).map { blob.prefix.prefix(count - $0) }
        async let router = pinger.ping(
            Name().appending(.generic("localhop")).appending(.generic("nfd")).appending(.generic("rib"))
                .appending(.generic("list")), exact: true, lifetime: Self.patience)
        let outcomes = await withTaskGroup(of: (Int, Pinger.Outcome).self) { group in
            for (index, prefix) in prefixes.enumerated() {
                group.addTask { (index, await pinger.ping(prefix, exact: false, lifetime: Self.patience)) }
            }
            var outcomes = [Pinger.Outcome](repeating: .timeout, count: prefixes.count)
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes
        }
        let server = outcomes.firstIndex { if case .data = $0 { true } else { false } }
        switch (server, outcomes[0], await router) {
        case (0, _, _): return .server
        case (let index?, _, _): return .otherServer(prefixes[index])
        case (_, .nack(.noRoute, _), _): return .noRoute
        case (_, _, .data), (_, _, .nack): return .router
        default: return .nothing
        }
    }
}
