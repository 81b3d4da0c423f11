internal import NDN
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Why the client cannot listen where it should, and what to do.
package struct ListenError: Error, Hashable, CustomStringConvertible {
    package let description: String

    /// - Parameter setting: what the address is given by; nil for the client's own.
    init(host: String, port: Int, setting: RegistrySetting? = nil, _ error: any Error) {
        if let error = error as? FaceError {
            description = "cannot listen at port \(port) of \(host): \(error)"
        } else {
            let setting = setting.map { "\($0)" } ?? "\(Setting.listener)"
            description = Self.sentence(host, port, setting, (error as? IOError)?.errnoCode ?? 0, otherwise: error)
        }
    }

    private static func sentence(
        _ host: String, _ port: Int, _ setting: String, _ number: CInt, otherwise error: any Error
    ) -> String {
        let written = host.contains(":") ? "[\(host)]" : host
        switch number {
        case EADDRINUSE where port == 5000:
            return
                "port 5000 of \(host) is taken by another program, perhaps a registry (docker-registry's port is 5000) or another client: give \(setting) \(written):5050, or stop that program"
        case EADDRINUSE:
            return
                "port \(port) of \(host) is taken by another program: stop that one, or choose another port, such as \(setting) \(written):0 for a free one"
        case EACCES, EPERM:
            return "port \(port) of \(host) needs privileges: choose one above 1023 with \(setting)"
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            return "\(host) is not an address of this machine: choose one with \(setting)"
        default: return "cannot listen at port \(port) of \(host): \(ErrorSentence.of(error))"
        }
    }
}

extension IOError {
    var isInUse: Bool { errnoCode == EADDRINUSE }

    /// Whether the address, or all of its kind, is none of this machine's.
    var isWithoutAddress: Bool { errnoCode == EADDRNOTAVAIL || errnoCode == EAFNOSUPPORT }
}
