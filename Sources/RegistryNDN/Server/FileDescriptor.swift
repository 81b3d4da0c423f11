internal import NDN
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open file or folder, closed with this value. A file or folder that is opened below it by its name is never reached through
/// a symbolic link.
struct FileDescriptor: ~Copyable, Sendable {
    private let number: CInt

    private init(_ number: CInt, _ call: StaticString) throws(SystemError) {
        guard number >= 0 else { throw SystemError(call: call) }
        self.number = number
    }

    deinit { close(number) }

    /// The folder at a path that the user of the program chose, on which links are followed.
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

    /// A regular file that a path below this folder leads to, over links that stay below it.
    ///
    /// - Throws: `EXDEV` for a link that leads out: an absolute one, or one with too many `..`.
    func file(beneath path: [String]) throws(SystemError) -> FileDescriptor {
        guard let name = path.last else { throw SystemError(call: "openat", number: EISDIR) }
        return try follow(Array(path.dropLast()), then: name)
    }

    /// The same for a folder.
    func folder(beneath path: [String]) throws(SystemError) -> FileDescriptor { try follow(path, then: nil) }

    /// Opens one name after the other, as openat2 does with RESOLVE_BENEATH: no name that is opened is a link, and `..` goes back
    /// by the names that led here, so that whoever exchanges links meanwhile cannot lead this elsewhere.
    ///
    /// - Parameter file: the last name, of a file; nil when all are folders.
    private func follow(_ path: [String], then file: String?) throws(SystemError) -> FileDescriptor {
        var rest = Array((path + [file].compactMap { $0 }).reversed())
        var names: [String] = []
        var here = try folder(".")
        var links = 0
        while let name = rest.popLast() {
            if name == ".." {
                guard names.popLast() != nil else { throw SystemError(call: "openat", number: EXDEV) }
                here = try folder(".")
                for name in names { here = try here.folder(name) }
            } else if let target = try here.target(of: name) {
                links += 1
                guard links <= Self.maximumLinks else { throw SystemError(call: "openat", number: ELOOP) }
                guard !target.hasPrefix("/") else { throw SystemError(call: "openat", number: EXDEV) }
                rest += target.split(separator: "/").map(String.init).filter { $0 != "." }.reversed()
            } else if file != nil, rest.isEmpty {
                return try here.file(name)
            } else {
                here = try here.folder(name)
                names.append(name)
            }
        }
        guard file == nil else { throw SystemError(call: "openat", number: EISDIR) }
        return here
    }

    /// Links on one way, as many as Linux follows.
    private static let maximumLinks = 40

    /// The path that a link in this folder holds; nil for a name that is no link.
    func target(of name: String) throws(SystemError) -> String? {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe text.withUnsafeMutableBufferPointer {
            unsafe readlinkat(number, name, $0.baseAddress!, $0.count)
        }
        guard count >= 0 else {
            if errno == EINVAL { return nil }
            throw SystemError(call: "readlinkat")
        }
        return String(decoding: text[..<count].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names of the files and folders in this folder.
    func names() throws(SystemError) -> [String] {
        let copy = unsafe openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw SystemError(call: "openat") }
        guard let stream = unsafe fdopendir(copy) else {
            close(copy)
            throw SystemError(call: "fdopendir")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Bytes of the file.
    func size() throws(SystemError) -> UInt64 { UInt64(clamping: try status().st_size) }

    private func status() throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw SystemError(call: "fstat") }
        return status
    }

    /// Reads up to `length` bytes at `offset`; fewer only where the file ends.
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
    /// Bytes of the blob.
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
