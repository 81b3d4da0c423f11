package import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Files that are read whole: keys, certificates, lists.
package enum SmallFile {
    /// Octets of such a file, at most.
    static let maximumSize = 1 << 16

    /// A file that cannot be read whole.
    package struct Failure: Error, CustomStringConvertible {
        package let path: String
        /// The error number of the system; 0 for what is no file.
        package let number: Int32
        /// What is wrong, which can follow the path and a colon.
        package let reason: String

        package var description: String { "\(path): \(reason)" }
    }

    /// Opens a file for reading, and nothing else: whoever opened a pipe would wait for somebody who writes to it, and a device may
    /// never end.
    ///
    /// - Parameter flags: of open(2), beside O_RDONLY and O_CLOEXEC.
    package static func open(_ path: String, flags: Int32 = 0) throws(Failure) -> Int32 {
        #if canImport(Glibc)
            let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)
        #else
            let descriptor = unsafe Musl.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)
        #endif
        guard descriptor >= 0 else {
            // A socket's file says so: ENXIO, "No such device or address".
            if errno == ENXIO { try check(path) }
            throw failure(path, SystemError(call: "open"))
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            defer { close(descriptor) }
            throw failure(path, SystemError(call: "fstat"))
        }
        guard let kind = otherKind(status.st_mode) else { return descriptor }
        close(descriptor)
        throw other(path, kind)
    }

    /// Refuses what is there and no file, for a library that opens the file itself.
    package static func check(_ path: String) throws(Failure) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, let kind = otherKind(status.st_mode) else { return }
        throw other(path, kind)
    }

    /// The whole text of a file, as octets.
    package static func contents(_ path: String) throws(Failure) -> ByteBuffer {
        let descriptor = try open(path)
        defer { close(descriptor) }
        return try contents(descriptor, named: path)
    }

    /// The same of what is open already, as stdin is.
    package static func contents(_ descriptor: Int32, named path: String) throws(Failure) -> ByteBuffer {
        let octets: ByteBuffer?
        do { octets = try self.octets(of: descriptor) } catch { throw failure(path, error) }
        guard let octets else {
            throw Failure(path: path, number: 0, reason: "larger than 64 KiB, the most that is read of such a file")
        }
        return octets
    }

    private static func failure(_ path: String, _ error: SystemError) -> Failure {
        Failure(path: path, number: error.number, reason: error.reason)
    }

    private static func other(_ path: String, _ kind: String) -> Failure {
        Failure(path: path, number: 0, reason: "this is \(kind), and only a file is read: name a file")
    }

    /// What is no file; nil for a file.
    private static func otherKind(_ mode: mode_t) -> String? {
        switch mode & S_IFMT {
        case S_IFREG: nil
        case S_IFDIR: "a directory"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "no file"
        }
    }

    /// All that an open file has; nil when that is more than 64 KiB.
    package static func octets(of descriptor: Int32) throws(SystemError) -> ByteBuffer? {
        var octets = ByteBuffer()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            if count < 0 {
                let error = SystemError(call: "read")
                if error.number == EINTR { continue }
                throw error
            }
            guard count > 0 else { return octets }
            octets.writeBytes(chunk[..<count])
            guard octets.readableBytes <= maximumSize else { return nil }
        }
    }
}
