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
        do throws(SmallFile.Failure) {
            return try path == "-" ? SmallFile.contents(STDIN_FILENO, named: path) : SmallFile.contents(path)
        } catch {
            throw Failure(description: "\(error)")
        }
    }
}
