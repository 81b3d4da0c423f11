import Logging
import NIOCore
import NIOPosix
import RegistryNDN

/// Why a blob did not come, in words that say who is to be looked after: the router, the server, or the registry behind it.
struct FetchDiagnosis {
    private static let patience = TimeAmount.seconds(1)

    let blob: BlobName
    /// nil: the best of those that NDN-FCH names.
    let router: FaceURI?
    let logger: Logger

    /// What was wrong. Where `error` is silence, the router and the server are asked whether they are there.
    func text(_ error: FetchError) async -> String {
        switch error {
        case .noRoute: return noRoute
        case .notFound:
            return """
                the server of \(blob.prefix.uri) answers, and has no such blob: its registry does not know the repository \
                \(blob.repository) or this digest in it
                """
        case .noSize: return await silence()
        default: return "\(error)"
        }
    }

    private var place: String { router.map { "\($0)" } ?? "the router found by NDN-FCH" }

    private var noRoute: String {
        """
        \(place) has no route to \(blob.prefix.uri) (Nack NoRoute): no server has registered this prefix there; is it \
        what the server's --name says?
        """
    }

    private func silence() async -> String {
        guard let router else { return "nobody answers for \(blob.prefix.uri) through \(place)" }
        guard
            let pinger = try? await Pinger.connect(
                to: router, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        else { return "\(router) cannot be reached any more" }
        async let producer = pinger.ping(blob.prefix, exact: false, lifetime: Self.patience)
        // Answered, or refused with a Nack, by the router itself: docs/forwarders.md.
        async let management = pinger.ping(
            Name().appending(.generic("localhop")).appending(.generic("nfd")).appending(.generic("rib"))
                .appending(.generic("list")), exact: true, lifetime: Self.patience)
        let outcomes = await (producer, management)
        await pinger.close()
        switch outcomes {
        case (.data, _):
            return """
                the server of \(blob.prefix.uri) is there and does not deliver this blob: its registry does not answer, or \
                is slow; see the server's log
                """
        case (.nack(.noRoute, _), _): return noRoute
        case (_, .data), (_, .nack):
            return """
                \(router) is there, but nobody behind it answers for \(blob.prefix.uri): is the server running, and \
                is that its --name?
                """
        default:
            return """
                nothing answers at \(router): no router or server is there, or it knows no way to \(blob.prefix.uri) and \
                does not say so
                """
        }
    }
}
