internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// Files that only their owner may read: how the keychain touches the file system.
package enum PrivateFile {
    /// A lock on a file, held until this goes away.
    struct Lock: ~Copyable {
        fileprivate let descriptor: Int32

        deinit { close(descriptor) }
    }

    static func folderExists(_ path: String) throws(SecurityError) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw failure(path) }
            return false
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw SecurityError(.foreign, "\(path) is not a folder") }
        return true
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Names in a folder, `.` and `..` left out.
    static func names(in path: String) throws(SecurityError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw failure(path) }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// - Throws: `SecurityError.lax` when others than the owner may do anything there, or the owner is another.
    static func checkFolder(_ path: String) throws(SecurityError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw failure(path) }
        try check(status, path, "700")
    }

    private static func check(_ status: stat, _ path: String, _ mode: String) throws(SecurityError) {
        guard status.st_uid == geteuid() else {
            throw SecurityError(
                .lax, "\(path) belongs to user \(status.st_uid), not to this program's user \(geteuid())")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw SecurityError(
                .lax,
                "\(path) is open to other users (mode \(String(status.st_mode & 0o777, radix: 8))): chmod \(mode) \(path)"
            )
        }
    }

    /// Makes a folder of mode 0700, and what is missing above it.
    package static func makeFolder(_ path: String) throws(SecurityError) {
        let parts = path.split(separator: "/")
        var place = path.hasPrefix("/") ? "" : "."
        for part in parts {
            place += "/" + part
            guard unsafe mkdir(place, 0o700) == 0 || errno == EEXIST else { throw failure(place) }
        }
    }

    /// A whole file of text, of the keychain.
    static func read(_ path: String) throws(SecurityError) -> String {
        let descriptor = try open(path, flags: O_NOFOLLOW)
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
        try check(status, path, "600")
        return try text(descriptor, path)
    }

    /// A whole file of text with a secret that somebody else may have put there: Kubernetes, Docker and systemd hand secrets
    /// to a service as files of root, readable by more than their owner, often behind symbolic links.
    package static func readSecret(_ path: String) throws(SecurityError) -> (text: String, notice: String?) {
        let descriptor = try open(path)
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
        let notice = try checkSecret(
            owner: status.st_uid, mode: status.st_mode, ourselves: geteuid(), path)
        return (try text(descriptor, path), notice)
    }

    private static func open(_ path: String, flags: Int32 = 0) throws(SecurityError) -> Int32 {
        do {
            return try SmallFile.open(path, flags: flags)
        } catch {
            throw SecurityError(error.number == ENOENT ? .notFound : .system, "\(error)")
        }
    }

    /// The same for a file that another library reads.
    ///
    /// - Returns: That others can read it; nil when they cannot.
    package static func checkSecret(_ path: String) throws(SecurityError) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw failure(path) }
        return try checkSecret(owner: status.st_uid, mode: status.st_mode, ourselves: geteuid(), path)
    }

    static func checkSecret(
        owner: UInt32, mode: UInt32, ourselves: UInt32, _ path: String
    ) throws(SecurityError) -> String? {
        guard owner == 0 || owner == ourselves else {
            throw SecurityError(
                .lax,
                "\(path) belongs to user \(owner): a secret must belong to root or to this program's user \(ourselves)")
        }
        let shown = String(mode & 0o777, radix: 8)
        guard mode & 0o022 == 0 else {
            throw SecurityError(.lax, "\(path) can be written by other users (mode \(shown)): chmod go-w \(path)")
        }
        guard mode & 0o044 != 0 else { return nil }
        return "\(path) can be read by other users (mode \(shown)): chmod 600 \(path), unless that is meant"
    }

    private static func text(_ descriptor: Int32, _ path: String) throws(SecurityError) -> String {
        let octets: ByteBuffer?
        do {
            octets = try SmallFile.octets(of: descriptor)
        } catch {
            throw SecurityError(.system, "\(path): \(error.reason)")
        }
        guard let octets else { throw SecurityError(.malformed, "\(path) is larger than 64 KiB") }
        guard octets.readableBytes > 0 else { throw SecurityError(.malformed, "\(path) is empty") }
        return String(buffer: octets)
    }

    /// Puts a whole file of mode 0600 in the place of what was there, safely stored.
    package static func write(_ text: String, to path: String) throws(SecurityError) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).new"
        let descriptor = unsafe Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(temporary) }
        do throws(SecurityError) {
            try write(Array(text.utf8), descriptor, temporary)
            guard fsync(descriptor) == 0, unsafe rename(temporary, path) == 0 else { throw failure(path) }
        } catch {
            close(descriptor)
            unsafe unlink(temporary)
            throw error
        }
        close(descriptor)
        try syncFolder(of: path)
    }

    private static func write(_ octets: [UInt8], _ descriptor: Int32, _ path: String) throws(SecurityError) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// A rename counts after a crash only once its folder is stored.
    private static func syncFolder(of path: String) throws(SecurityError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = unsafe Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder) }
    }

    static func delete(_ path: String) throws(SecurityError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure(path) }
    }

    /// Makes the file if it is not there, and waits until no other process holds its lock.
    static func lock(_ path: String, text: String) throws(SecurityError) -> Lock {
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        let lock = Lock(descriptor: descriptor)
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure(path) }
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
        if status.st_size == 0 { try write(Array(text.utf8), descriptor, path) }
        return lock
    }

    /// What the system said of `path`, by `errno`.
    private static func failure(_ path: String) -> SecurityError {
        let number = errno
        let reason = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return SecurityError(number == ENOENT ? .notFound : .system, "\(path): \(reason)")
    }
}
