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
        throw ValidationError(last.map { ($0 as? FaceError)?.message ?? "\($0)" } ?? wrongPrefix(text))
    }

    /// What is wrong with a route in which no = follows a name.
    private static func wrongPrefix(_ text: String) -> String {
        let example = "/example/docker=udp://server.example:6363"
        guard let equals = text.firstIndex(of: "=") else {
            return "\"\(text)\" is not PREFIX=FACE, such as \(example)"
        }
        let prefix = String(text[..<equals])
        guard !prefix.isEmpty else {
            return "the prefix before the = is missing: write PREFIX=FACE, such as \(example)"
        }
        do throws(WireError) {
            _ = try Name(uri: prefix)
            return "\"\(text)\" is not PREFIX=FACE, such as \(example)"
        } catch {
            return "the prefix is not an NDN name, such as the one in \(example): \(error)"
        }
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
