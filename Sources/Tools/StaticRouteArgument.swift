import ArgumentParser
import NDN
import NDNForwarder

/// `PREFIX=FACE`, as `/example/docker=udp://server.example:6363`, or `PREFIX=FACE,cost=N`: a route of the forwarder to another host.
enum StaticRouteArgument {
    private static let example = "/example/docker=udp://server.example:6363"
    private static let costMark = ",cost="

    static func parse(_ text: String) throws -> ForwarderService.StaticRoute {
        // A component of a name may have a =, as in /8=a, and so may the path of a socket.
        var last: (any Error)?
        for split in text.indices where text[split] == "=" {
            guard let prefix = try? Name(uri: String(text[..<split])) else { continue }
            do {
                let (face, cost) = try splitCost(text[text.index(after: split)...])
                let peer = try FaceURI(peer: String(face))
                try check(prefix)
                if let error = peer.whyNoPeer { throw error }
                return ForwarderService.StaticRoute(to: prefix, over: peer, cost: cost)
            } catch {
                last = last ?? error
            }
        }
        throw ValidationError(last.map { ($0 as? FaceError)?.message ?? "\($0)" } ?? wrongPrefix(text))
    }

    /// A face, and the cost that may stand behind it: no host and no port has a comma. The path of a socket may, and even end as
    /// a cost does: then a cost is to follow it.
    private static func splitCost(_ text: Substring) throws -> (face: Substring, cost: UInt64) {
        guard let comma = text.lastIndex(of: ",") else { return (text, 0) }
        let face = text[..<comma]
        let rest = text[comma...]
        guard rest.hasPrefix(costMark) else {
            guard isPath(text) else { throw wrongRest(rest) }
            return (text, 0)
        }
        if !isPath(face), let other = face.firstIndex(of: ",") { throw wrongRest(text[other...]) }
        let number = rest.dropFirst(costMark.count)
        guard !number.isEmpty else {
            throw ValidationError("the cost after \(costMark) is missing, as in \(example),cost=10")
        }
        do {
            return (face, UInt64(try WholeNumber.within(0...Int.max)(String(number))))
        } catch let error as ValidationError {
            throw ValidationError("the cost \(error.message)")
        }
    }

    private static func isPath(_ face: Substring) -> Bool { face.hasPrefix("/") || face.hasPrefix("unix:") }

    private static func wrongRest(_ rest: Substring) -> ValidationError {
        ValidationError(
            "\"\(rest)\" follows the face, where one cost may stand: write PREFIX=FACE,cost=N, such as \(example),cost=10"
        )
    }

    /// What is wrong with a route in which no = follows a name.
    private static func wrongPrefix(_ text: String) -> String {
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
