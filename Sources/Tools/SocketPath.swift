#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Paths of Unix sockets, which need not be there yet.
enum SocketPath {
    /// Whether two absolute paths lead to one place, however they are spelled.
    static func isSame(_ one: String, _ other: String) -> Bool { real(one) == real(other) }

    /// The path without symbolic links and detours, as far as its folder exists.
    private static func real(_ path: String) -> String {
        // Several slashes are one, and those at the end none.
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard let name = parts.last, name != ".." else { return path }
        let folder = "/" + parts.dropLast().joined(separator: "/")
        guard let real = unsafe realpath(folder, nil) else { return "\(folder)/\(name)" }
        defer { unsafe free(real) }
        return "\(unsafe String(cString: real))/\(name)"
    }
}
