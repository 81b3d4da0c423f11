import NDN
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Files of settings below a folder, which stands for `/`: read whole, and replaced whole.
struct SettingsFiles: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Empty for this machine itself.
    let root: String

    init(root: String) {
        var root = root
        while root.hasSuffix("/") { root.removeLast() }
        self.root = root
    }

    /// The text of a file; nil when there is none.
    func read(_ path: String) throws -> String? {
        let descriptor: Int32
        do {
            descriptor = try SmallFile.open(root + path)
        } catch {
            guard error.number != ENOENT, error.number != ENOTDIR else { return nil }
            errno = error.number
            throw error.number == 0 ? Failure(description: "\(error)") : failure(path)
        }
        defer { close(descriptor) }
        let octets: ByteBuffer?
        do { octets = try SmallFile.octets(of: descriptor) } catch {
            throw Failure(description: "\(root)\(path): \(error.reason)")
        }
        guard let octets else { throw Failure(description: "\(root)\(path) is larger than 64 KiB") }
        guard let text = String(validating: octets.readableBytesView, as: UTF8.self) else {
            throw Failure(description: "\(root)\(path) is not text in UTF-8")
        }
        return text
    }

    /// Names in a folder, sorted; none where there is no folder.
    func names(in path: String) throws -> [String] {
        guard let folder = unsafe opendir(root + path) else {
            guard errno == ENOENT || errno == ENOTDIR else { throw failure(path) }
            return []
        }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Refuses a file that is a link or something else that cannot be replaced, and folders whose links lead out of `base`.
    func check(_ path: String, within base: String) throws {
        var status = stat()
        if unsafe lstat(root + path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw Failure(
                description: status.st_mode & S_IFMT == S_IFLNK
                    ? "\(root)\(path) is a symbolic link: setup replaces files, and no links; put a file in its place"
                    : "\(root)\(path) is no file")
        }
        var folder = Self.folder(of: path)
        while folder.count > base.count, unsafe lstat(root + folder, &status) != 0 { folder = Self.folder(of: folder) }
        guard let place = Self.real(root + folder), let limit = Self.real(root + base) else { return }
        guard place == limit || place.hasPrefix(limit + "/") else {
            throw Failure(
                description:
                    "\(root)\(folder) leads to \(place), out of \(limit): setup writes nothing there; write the file by hand"
            )
        }
    }

    /// Makes the folders above `path` that are missing.
    ///
    /// - Returns: Those it made, outermost first.
    func makeFolders(above path: String, mode: UInt32 = 0o755) throws -> [String] {
        var made: [String] = []
        var place = ""
        for part in Self.folder(of: path).split(separator: "/") {
            place += "/\(part)"
            if unsafe mkdir(root + place, mode) == 0 {
                // Whatever the umask is: the engine may run as another user.
                _ = unsafe chmod(root + place, mode)
                made.append(place)
            } else if errno != EEXIST {
                throw failure(place)
            }
        }
        return made
    }

    /// Removes a folder that is empty.
    func removeFolder(_ path: String) { _ = unsafe rmdir(root + path) }

    /// Makes a folder, and holds it while `work` is done: whoever else wants to waits.
    func holding<Result>(_ folder: String, mode: UInt32, _ work: () throws -> Result) throws -> Result {
        while true {
            _ = try makeFolders(above: "\(folder)/", mode: mode)
            let descriptor = unsafe open(root + folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else {
                // Whoever held it removed it.
                if errno == ENOENT { continue }
                throw failure(folder)
            }
            defer { close(descriptor) }
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else { throw failure(folder) }
            }
            var held = stat()
            var there = stat()
            guard unsafe fstat(descriptor, &held) == 0 else { throw failure(folder) }
            guard unsafe fstatat(AT_FDCWD, root + folder, &there, 0) == 0, held.st_dev == there.st_dev,
                held.st_ino == there.st_ino
            else { continue }
            return try work()
        }
    }

    /// Removes what a run that was killed left beside a file, whose folder nobody else may write to meanwhile.
    func removeLeftovers(of path: String) throws {
        let folder = Self.folder(of: path)
        for name in try names(in: folder) where Self.isLeftover("\(folder)/\(name)", of: path) {
            try remove("\(folder)/\(name)")
        }
    }

    /// Whether a name is that under which `replace` of some process writes a file.
    private static func isLeftover(_ name: String, of path: String) -> Bool {
        guard name.hasPrefix("\(path)."), name.hasSuffix(".new") else { return false }
        let number = name.dropFirst(path.count + 1).dropLast(4)
        return !number.isEmpty && number.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Replaces a file, or removes it, if it is still as it was when the change was planned.
    func make(_ change: SetupPlan.Change) throws {
        guard SetupPlan.isSame(try read(change.path), change.before) else {
            throw Failure(description: "\(root)\(change.path) was changed meanwhile, and is left so")
        }
        guard let after = change.after else {
            guard unsafe unlink(root + change.path) == 0 else { throw failure(change.path) }
            return try sync(Self.folder(of: change.path))
        }
        try replace(change.path, after)
    }

    /// Puts a whole file in the place of what was there, with its mode and its owner; a new one has `mode`.
    func replace(_ path: String, _ text: String, mode: UInt32 = 0o644) throws {
        var before = stat()
        let isThere = unsafe lstat(root + path, &before) == 0
        let temporary = "\(path).\(getpid()).new"
        let descriptor = unsafe open(root + temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        var isDone = false
        defer {
            close(descriptor)
            if !isDone { _ = unsafe unlink(root + temporary) }
        }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw failure(path) }
            rest = rest.dropFirst(max(0, count))
        }
        if isThere, before.st_uid != geteuid() || before.st_gid != getegid() {
            guard fchown(descriptor, before.st_uid, before.st_gid) == 0 else { throw failure(path) }
        }
        guard fchmod(descriptor, isThere ? before.st_mode & 0o7777 : mode) == 0, fsync(descriptor) == 0,
            unsafe rename(root + temporary, root + path) == 0
        else { throw failure(path) }
        isDone = true
        try sync(Self.folder(of: path))
    }

    func remove(_ path: String) throws {
        guard unsafe unlink(root + path) == 0 || errno == ENOENT else { throw failure(path) }
    }

    func exists(_ path: String) -> Bool { unsafe access(root + path, F_OK) == 0 }

    /// A rename counts after a crash only once its folder is stored.
    private func sync(_ folder: String) throws {
        let descriptor = unsafe open(root + folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder) }
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    private static func real(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private func failure(_ path: String) -> Failure {
        let error = SystemError(call: "open")
        let hint = error.number == EACCES || error.number == EPERM ? "; are you root? try it with sudo" : ""
        return Failure(description: "\(root)\(path): \(error.reason)\(hint)")
    }
}
