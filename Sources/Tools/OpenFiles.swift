import ArgumentParser
import NDN

/// The files and sockets that a long-running program may have open.
enum OpenFiles {
    /// With fewer a program has no room beside its event loops, its log and its sockets for anybody who connects.
    static let least = 32

    /// Raises the limit as far as this process may; ends the program where that is not enough to start.
    static func prepare() throws {
        let limit = DescriptorLimit.raise()
        guard limit < least else { return }
        throw Failure(limit: limit)
    }

    private struct Failure: Error, CustomStringConvertible {
        let limit: Int

        var description: String {
            "only \(limit) files and sockets may be open at a time: raise the limit to \(OpenFiles.least) at least, better 4096 (ulimit -n, LimitNOFILE= of systemd, --ulimit nofile= of docker)"
        }
    }
}
