import NDN
import NIOCore
import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

extension LocalForwarder {
    /// The forwarder of the machine that this program runs on; nil when there is none.
    static func find(_ environment: Environment = .process()) throws(FaceError) -> LocalForwarder? {
        let home = Environment.process()["HOME"].map { ["\($0)/.ndn/client.conf"] } ?? []
        return try find(
            environment: { environment[$0] },
            configurations: home + ["/usr/local/etc/ndn/client.conf", "/etc/ndn/client.conf"],
            read: { path in (try? InputFile.read(path)).map { String(buffer: $0) } },
            sockets: own + nfd, isOpen: isOpen)
    }

    /// Where `registry-ndn forwarder` makes its socket: where only this user and root can replace it. A user's program
    /// also finds the one of root.
    static var own: [String] {
        guard geteuid() != 0 else { return ["/run/registry-ndn.sock"] }
        let runtime = Environment.process()["XDG_RUNTIME_DIR"]
        return [
            runtime.map { "\($0)/registry-ndn.sock" } ?? "/tmp/registry-ndn-\(geteuid()).sock",
            "/run/registry-ndn.sock",
        ]
    }

    /// NFD's socket since release 23, and before.
    static let nfd = ["/run/nfd/nfd.sock", "/run/nfd.sock"]

    /// Whether a program listens at a Unix socket that may be trusted: anybody can make one in /tmp. One that this user may not
    /// connect to counts: that is then said, instead of going elsewhere without a word.
    private static func isOpen(_ path: String) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
            !path.hasPrefix("/tmp/") || status.st_uid == geteuid()
        else { return false }
        let answer = UnixSocketFile.knock(at: path)
        return answer == 0 || answer == EACCES
    }
}
