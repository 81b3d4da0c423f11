internal import FoundationEssentials
internal import NDN
internal import NIOCore

/// What an NDN-FCH service answers, in both of its forms (docs/protocol.md 12).
enum FCHAnswer {
    private struct Document: Decodable {
        struct Entry: Decodable {
            let transport: String
            let connect: String
            let prefix: String?
        }

        let routers: [Entry]
    }

    /// The routers of an answer that this program can connect to, in its order; Content-Type tells the form.
    ///
    /// - Throws: `DiscoveryError` when it is no answer of such a service.
    static func routers(contentType: String?, body: ByteBuffer) throws(DiscoveryError) -> [Router] {
        let media = contentType?.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() }
        return media == "application/json" ? try json(body) : try text(body)
    }

    private static func json(_ body: ByteBuffer) throws(DiscoveryError) -> [Router] {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(body.readableBytesView)) else {
            throw DiscoveryError("the service's answer is not the JSON that NDN-FCH gives")
        }
        return document.routers.compactMap { entry in
            guard entry.transport == "udp" || entry.transport == "tcp" else { return nil }
            let uri = entry.connect.contains("://") ? entry.connect : "\(entry.transport)://\(entry.connect)"
            guard let uri = try? FaceURI(uri), uri.scheme != .unix, uri.port > 0 else { return nil }
            return Router(uri: uri, prefix: entry.prefix.flatMap { try? Name(uri: $0) })
        }
    }

    /// Hosts with or without port, separated by commas; a CSV writer's quotes and line ends around them.
    private static func text(_ body: ByteBuffer) throws(DiscoveryError) -> [Router] {
        guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
            throw DiscoveryError("the service's answer is not text")
        }
        let blank: Set<Character> = [" ", "\t", "\"", "\r", "\n", "\r\n"]
        let items = text.split { $0 == "," || $0.isNewline }.map { $0.filter { !blank.contains($0) } }
            .filter { !$0.isEmpty }
        let routers = items.compactMap { item -> Router? in
            guard !item.contains("://"), !item.hasPrefix("/"), let uri = try? FaceURI(argument: item), uri.port > 0
            else { return nil }
            return Router(uri: uri)
        }
        // An HTML page of some portal, say.
        guard !routers.isEmpty || items.isEmpty else {
            throw DiscoveryError("the service's answer names no router that can be connected to over UDP or TCP")
        }
        return routers
    }
}
