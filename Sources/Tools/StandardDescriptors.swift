#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Descriptors 0, 1 and 2, which everything takes for input, output and log.
enum StandardDescriptors {
    /// Opens those that are closed on /dev/null. Otherwise the next socket would get the number of a closed one, and a peer
    /// would be sent our log.
    static func openClosed() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is taken, which is this one: those below it are open by now.
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}
