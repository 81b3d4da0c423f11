import ArgumentParser
import NDN
import RegistryNDN

/// Which router is asked: a named one, this machine's forwarder, or the best that NDN-FCH names.
struct RouterOptions: ParsableArguments {
    @Option(
        help: """
            Where to ask: host:port (UDP), tcp://host:port, unix:///path or /path; fch for the best router that NDN-FCH \
            names. (default: this machine's forwarder as NDN_CLIENT_TRANSPORT, client.conf or its socket says, \
            else fch)
            """)
    var router: String?

    enum Choice {
        case router(FaceURI)
        /// This machine's forwarder, found without being named.
        case local(LocalForwarder)
        /// NDN-FCH is asked.
        case directory
        /// The same, unless a forwarder of this machine is there by then.
        case localOrDirectory
    }

    func validate() throws {
        if let router, router != Self.directory { _ = try Self.uri(router) }
    }

    func choice() throws -> Choice {
        switch router {
        case Self.directory: return .directory
        case let router?: return .router(try Self.uri(router))
        case nil:
            do {
                return try LocalForwarder.find().map { .local($0) } ?? .localOrDirectory
            } catch {
                throw ValidationError(error.message)
            }
        }
    }

    /// Whether NDN-FCH is to be asked even where a forwarder runs on this machine.
    var isDirectoryNamed: Bool { router == Self.directory }

    private static let directory = "fch"

    private static func uri(_ text: String) throws -> FaceURI {
        do {
            return try FaceURI(peer: text)
        } catch {
            throw ValidationError("--router: \(error.message)")
        }
    }
}

extension RouterOptions.Choice: CustomStringConvertible {
    /// For the ready line.
    var description: String {
        switch self {
        case .router(let uri): "\(uri)"
        case .local(let forwarder): "\(forwarder.uri)"
        case .directory: "NDN-FCH"
        case .localOrDirectory: "this machine's forwarder, else NDN-FCH"
        }
    }

    /// The router, unless it is still to be found.
    var uri: FaceURI? {
        switch self {
        case .router(let uri): uri
        case .local(let forwarder): forwarder.uri
        case .directory, .localOrDirectory: nil
        }
    }
}
