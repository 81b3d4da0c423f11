import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The file of a Unix socket that this program listens at.
package struct UnixSocketFile {
    private let path: String
    /// Identity of the file this program made: another program may have put its own there since.
    private let device: UInt
    private let inode: UInt

    /// Opens the socket to those whom `mode` names, and remembers the file.
    init(openedAt uri: FaceURI, mode: UInt32) throws {
        path = uri.path
        guard unsafe chmod(path, mode_t(mode)) == 0, let status = UnixSocketFile.status(path) else {
            throw FaceError.listening(at: uri, SystemError(call: "chmod"))
        }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }

    /// Removes the file, unless it is another program's.
    func remove() {
        guard let status = UnixSocketFile.status(path), UInt(status.st_dev) == device, UInt(status.st_ino) == inode
        else { return }
        _ = unsafe unlink(path)
    }

    /// Removes what a program that is gone left behind; a live listener and any other file stay, and are an error.
    static func removeStale(_ uri: FaceURI) throws(FaceError) {
        guard let status = status(uri.path) else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw FaceError(
                .inUse, "cannot listen at \(uri): the path is a file that is not a socket; choose another path")
        }
        switch knock(at: uri.path) {
        case 0:
            throw FaceError.listening(at: uri, SystemError(call: "bind", number: EADDRINUSE))
        case ECONNREFUSED:
            guard unsafe unlink(uri.path) == 0 || errno == ENOENT else {
                throw FaceError.listening(at: uri, SystemError(call: "unlink"))
            }
        case let number:
            throw FaceError.listening(at: uri, SystemError(call: "connect", number: number))
        }
    }

    /// What is at a path that is no socket; nil for a socket, and where there is nothing.
    static func otherKind(at path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK else { return nil }
        return status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a file"
    }

    /// Whether a program listens at a Unix socket: connects to it, and closes the connection.
    ///
    /// - Returns: the error number of connect(2): 0 where one does, ECONNREFUSED where the one that made the file is gone,
    ///   EACCES where this user may not connect.
    package static func knock(at path: String) -> Int32 {
        // A program that has accepted nobody for long is there all the same, and is not waited for.
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return errno }
        defer { SystemSocket.shut(descriptor) }
        guard let address = try? SocketAddress(unixDomainSocketPath: path) else { return ENAMETOOLONG }
        let isConnected = unsafe address.withSockAddr { unsafe connect(descriptor, $0, socklen_t($1)) } == 0
        return isConnected || errno == EAGAIN ? 0 : errno
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }
}
