import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Where a blob goes: a file that appears whole or not at all, a device or pipe, or stdout.
struct OutputFile: ~Copyable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let descriptor: Int32
    /// Where the file will be, and where it is until it is whole; nil for what is written in place.
    private let paths: (final: String, temporary: String)?
    private let name: String
    private var isKept = false

    /// Opens `-` (stdout), an existing device or pipe, or a temporary file beside `path`.
    init(path: String) throws(Failure) {
        let (descriptor, paths) = try Self.open(path)
        guard descriptor >= 0 else { throw Self.failure("cannot open \(path)") }
        self.descriptor = descriptor
        self.paths = paths
        name = path == "-" ? "stdout" : path
    }

    private static func open(
        _ path: String
    ) throws(Failure) -> (descriptor: Int32, paths: (final: String, temporary: String)?) {
        guard path != "-" else { return (STDOUT_FILENO, nil) }
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            guard status.st_mode & S_IFMT != S_IFDIR else {
                throw Failure(description: "\(path) is a directory; give a file name")
            }
            return (unsafe Glibc.open(path, O_WRONLY | O_CLOEXEC), nil)
        }
        let target = resolved(path)
        let temporary = "\(target).\(getpid()).part"
        return (unsafe Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666), (target, temporary))
    }

    deinit {
        if let paths, !isKept { _ = unsafe unlink(paths.temporary) }
        if descriptor > STDERR_FILENO { Glibc.close(descriptor) }
    }

    /// The file behind a symbolic link, so that the link stays.
    private static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private static func failure(_ what: String) -> Failure {
        let number = errno
        let reason = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return Failure(description: "\(what): \(reason)")
    }

    func write(_ chunk: ByteBuffer) throws(Failure) {
        var rest = chunk
        while rest.readableBytes > 0 {
            let written = unsafe rest.withUnsafeReadableBytes { octets in
                unsafe Glibc.write(descriptor, octets.baseAddress, octets.count)
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.failure("cannot write to \(name)")
            }
            rest.moveReaderIndex(forwardBy: written)
        }
    }

    /// Makes the file appear, once it is safely stored.
    mutating func commit() throws(Failure) {
        guard let paths else { return }
        guard fsync(descriptor) == 0 else { throw Self.failure("cannot store \(name)") }
        guard unsafe rename(paths.temporary, paths.final) == 0 else { throw Self.failure("cannot create \(name)") }
        isKept = true
    }
}
