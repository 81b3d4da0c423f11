#if canImport(Glibc)
    import Glibc
#endif

/// The line on stdout that says a program serves: `ready <uri>`.
enum Ready {
    /// One line a listener, in one `write(2)`: scripts wait for it on a pipe.
    static func announce(_ uri: String) {
        var line = "ready \(uri)\n"
        line.withUTF8 { octets in
            _ = unsafe write(STDOUT_FILENO, octets.baseAddress, octets.count)
        }
    }
}
