#if canImport(Glibc)
    import Glibc
#endif

/// What says that a program serves: the line `ready <uri>` on stdout, and a word to systemd.
enum Ready {
    /// One line a listener, in one `write(2)`: scripts wait for it on a pipe.
    static func announce(_ uri: String) {
        var line = "ready \(uri)\n"
        line.withUTF8 { octets in
            _ = unsafe write(STDOUT_FILENO, octets.baseAddress, octets.count)
        }
        // Of a program that listens at several addresses the first is announced when it listens at all of them.
        ServiceNotice.tell(.ready)
    }
}
