package import NDN

/// The NDN forwarder of this machine, for a program that was not told of one: pure, what it looks at is handed in.
///
/// In this order: the variable NDN_CLIENT_TRANSPORT; `transport` of the first ndn-cxx `client.conf` that has one
/// (ndn-client.conf(5) of ndn-cxx); the first of some Unix sockets at which a program listens.
package struct LocalForwarder: Hashable, Sendable {
    /// What named it.
    package enum Source: Hashable, Sendable, CustomStringConvertible {
        case variable
        /// A `client.conf` at this path.
        case configuration(path: String)
        case socket

        package var description: String {
            switch self {
            case .variable: LocalForwarder.variable
            case .configuration(let path): path
            case .socket: "a program listens there"
            }
        }
    }

    /// The variable that every ndn-cxx program obeys.
    package static let variable = "NDN_CLIENT_TRANSPORT"

    package let uri: FaceURI
    package let source: Source

    /// - Parameters:
    ///   - environment: a variable's value; nil when it is not set or empty.
    ///   - configurations: paths of `client.conf`, the first with a `transport` wins.
    ///   - read: a file's text; nil when there is no such file.
    ///   - sockets: paths of Unix sockets, in order of preference.
    ///   - isOpen: whether a program listens at a path.
    /// - Returns: nil when nothing names a forwarder and none listens.
    /// - Throws: ``FaceError`` that says which variable or file names no face.
    package static func find(
        environment: (String) -> String?, configurations: [String], read: (String) -> String?, sockets: [String],
        isOpen: (String) -> Bool
    ) throws(FaceError) -> LocalForwarder? {
        if let text = environment(variable) {
            return LocalForwarder(uri: try uri(text, named: variable), source: .variable)
        }
        for path in configurations {
            guard let text = read(path).flatMap(transport) else { continue }
            return LocalForwarder(uri: try uri(text, named: path), source: .configuration(path: path))
        }
        return sockets.first(where: isOpen).map { LocalForwarder(uri: FaceURI(path: $0), source: .socket) }
    }

    private static func uri(_ text: String, named name: String) throws(FaceError) -> FaceURI {
        do {
            return try FaceURI(peer: text)
        } catch {
            throw FaceError(error.code, "\(name): \(error.message)")
        }
    }

    /// The value of `transport=…`; lines that begin with `;` or `#` are comments.
    private static func transport(_ text: String) -> String? {
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimming(while: \.isWhitespace) }
            if parts.count == 2, parts[0] == "transport", !parts[1].isEmpty { return String(parts[1]) }
        }
        return nil
    }
}
