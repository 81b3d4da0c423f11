import ArgumentParser
import NDN
import RegistryNDN

/// An address of the client, as engines are told it.
struct EngineEndpoint: Hashable, Sendable, CustomStringConvertible {
    let isSecure: Bool
    let address: ListenArgument

    init(isSecure: Bool, address: ListenArgument) {
        self.isSecure = isSecure
        self.address = address
    }

    /// `http://HOST:PORT`, `https://HOST:PORT`, or `HOST:PORT` for http.
    ///
    /// - Throws: `ValidationError` that says what is wrong.
    static func parse(_ text: String) throws -> EngineEndpoint {
        guard let url = try? UpstreamURL(text.contains("://") ? text : "http://\(text)"), url.path.isEmpty else {
            throw ValidationError(
                "\"\(text)\" is no address of a client: write http://HOST:PORT or https://HOST:PORT, as http://127.0.0.1:5000"
            )
        }
        return EngineEndpoint(isSecure: url.isSecure, address: ListenArgument(host: url.host, port: url.port))
    }

    /// Where a program of this machine reaches what listens at `listener`.
    static func reaching(_ listener: ListenArgument, isSecure: Bool = false) -> EngineEndpoint {
        EngineEndpoint(
            isSecure: isSecure, address: ListenArgument(host: IPAddress.reaching(listener.host), port: listener.port))
    }

    /// Where the client is unless it is told otherwise: the first address of DOCKER_NDN_LISTEN, else that of its default.
    static func usual(_ environment: Environment = .process()) -> EngineEndpoint {
        let first = environment["DOCKER_NDN_LISTEN"]?.split(whereSeparator: \.isWhitespace).first
        let listener = first.flatMap { try? ListenerArgument.parse(String($0)) }
        return reaching(listener?.address ?? ListenArgument(host: "127.0.0.1", port: 5000))
    }

    var authority: String { "\(address)" }

    var description: String { "\(isSecure ? "https" : "http")://\(authority)" }

    /// Whether Docker wants it among its insecure registries: it speaks plain HTTP to 127.0.0.0/8 by itself.
    var isInsecureForDocker: Bool { !isSecure && (!address.isLoopback || address.host.contains(":")) }

    /// Whether what an engine is told leads to this address, however it is spelled there.
    ///
    /// - Parameter place: a URL, or `HOST:PORT` with or without a path.
    func isMeant(by place: String) -> Bool {
        let rest = place.firstRange(of: "://").map { place[$0.upperBound...] } ?? place[...]
        let authority = rest.prefix { $0 != "/" }
        guard let other = ListenArgument(argument: String(authority)) else {
            let port = place.hasPrefix("https") ? 443 : 80
            return address.overlaps(ListenArgument(host: String(authority), port: port))
        }
        return address.overlaps(other)
    }
}
