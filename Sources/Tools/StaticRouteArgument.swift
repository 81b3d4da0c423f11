import ArgumentParser
import NDN
import NDNForwarder

/// `PREFIX=FACE`, as `/example/docker=udp://server.example:6363`: a route of the forwarder to another host.
enum StaticRouteArgument {
    static func parse(_ text: String) throws -> ForwarderService.StaticRoute {
        // A component of a name may have a =, as in /8=a, and so may the path of a socket.
        var last: (any Error)?
        for split in text.indices where text[split] == "=" {
            guard let prefix = try? Name(uri: String(text[..<split])) else { continue }
            do {
                let peer = try FaceURI(peer: String(text[text.index(after: split)...]))
                try check(prefix)
                return ForwarderService.StaticRoute(to: prefix, over: peer)
            } catch {
                last = last ?? error
            }
        }
        guard let last else {
            throw ValidationError("\"\(text)\" is not PREFIX=FACE, such as /example/docker=udp://server.example:6363")
        }
        throw ValidationError((last as? FaceError)?.message ?? "\(last)")
    }

    private static func check(_ prefix: Name) throws {
        guard prefix.count <= RoutingTable.maximumLength else {
            throw ValidationError("a prefix has at most \(RoutingTable.maximumLength) components")
        }
        guard prefix.components.first != .generic("localhost") else {
            throw ValidationError("\(prefix) never leaves this machine")
        }
    }
}
