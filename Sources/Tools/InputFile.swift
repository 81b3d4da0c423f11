import NDN
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// A small file that is read whole: a certificate, a SafeBag, a list of registries.
enum InputFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter path: `-` for stdin.
    static func read(_ path: String) throws(Failure) -> ByteBuffer {
        let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, SystemError(call: "open")) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let octets: ByteBuffer?
        do { octets = try SmallFile.octets(of: descriptor) } catch { throw failure(path, error) }
        guard let octets else {
            throw Failure(description: "\(path): larger than 64 KiB, the most that is read of such a file")
        }
        return octets
    }

    private static func failure(_ path: String, _ error: SystemError) -> Failure {
        Failure(description: "\(path): \(error.reason)")
    }
}
