import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// A small file that is read whole: a certificate, a SafeBag, a list of registries.
enum InputFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let maximumSize = 1 << 16

    /// - Parameter path: `-` for stdin.
    static func read(_ path: String) throws(Failure) -> ByteBuffer {
        let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var octets = ByteBuffer()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            guard count > 0 else { return octets }
            octets.writeBytes(chunk[..<count])
            guard octets.readableBytes <= maximumSize else {
                throw Failure(description: "\(path): larger than 64 KiB, the most that is read of such a file")
            }
        }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(description: "\(path): \(unsafe String(cString: strerror(errno)))")
    }
}
