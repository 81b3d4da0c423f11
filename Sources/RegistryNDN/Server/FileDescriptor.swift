import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open file or folder, closed with this value. What is opened below it is never reached through a link.
struct FileDescriptor: ~Copyable, Sendable {
    private let number: CInt

    private init(_ number: CInt, _ call: StaticString) throws(SystemError) {
        guard number >= 0 else { throw SystemError(call: call) }
        self.number = number
    }

    deinit {
        close(number)
    }

    /// The folder at a path that its owner chose: there links are followed.
    init(folder path: String) throws(SystemError) {
        unsafe try self.init(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open")
    }

    /// A folder in this one.
    func folder(_ name: String) throws(SystemError) -> FileDescriptor {
        unsafe try FileDescriptor(openat(number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "openat")
    }

    /// A regular file in this folder.
    ///
    /// - Throws: `EINVAL` for anything else than a regular file.
    func file(_ name: String) throws(SystemError) -> FileDescriptor {
        // O_NONBLOCK: the opening of a pipe would wait for its other end.
        let file = unsafe try FileDescriptor(
            openat(number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), "openat")
        guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "openat", number: EINVAL) }
        return file
    }

    /// Octets of the file.
    func size() throws(SystemError) -> UInt64 { UInt64(clamping: try status().st_size) }

    private func status() throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw SystemError(call: "fstat") }
        return status
    }

    /// Reads up to `length` octets at `offset`; fewer only where the file ends.
    func read(at offset: UInt64, length: Int) throws(SystemError) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: length)
        while buffer.readableBytes < length {
            let position = off_t(clamping: offset + UInt64(buffer.readableBytes))
            let wanted = length - buffer.readableBytes
            let count = unsafe buffer.withUnsafeMutableWritableBytes { room in
                unsafe pread(number, room.baseAddress, min(wanted, room.count), position)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError(call: "pread")
            }
            if count == 0 { break }
            buffer.moveWriterIndex(forwardBy: count)
        }
        return buffer
    }
}

/// A blob's file.
struct BlobFile: ~Copyable, Sendable {
    private let file: FileDescriptor
    /// Octets of the blob.
    let size: UInt64

    init(_ file: consuming FileDescriptor) throws(SystemError) {
        size = try file.size()
        self.file = file
    }

    /// Reads a range that lies in the blob.
    func read(_ range: Range<UInt64>) throws(SystemError) -> ByteBuffer {
        try file.read(at: range.lowerBound, length: Int(range.upperBound - range.lowerBound))
    }
}
