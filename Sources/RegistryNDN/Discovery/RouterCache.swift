internal import NDN
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// A file that remembers a service's last answer: a line with the question, then a router a line.
package struct RouterCache: Sendable {
    private static let maximumSize = 64 << 10

    private let folder: String
    private var path: String { folder + "/routers" }

    /// - Parameter folder: made when it is missing, with its parent.
    package init(folder: String) {
        self.folder = folder
    }

    /// In `$XDG_CACHE_HOME/registry-ndn`, or `~/.cache/registry-ndn`; nil without a home.
    package static var standard: RouterCache? {
        func variable(_ name: String) -> String? {
            unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let base = variable("XDG_CACHE_HOME") ?? variable("HOME").map { $0 + "/.cache" }
        return base.map { RouterCache(folder: $0 + "/registry-ndn") }
    }

    /// The routers of the last answer to `key`; none when there is none that can be read.
    func read(key: String) -> [Router] {
        guard (try? SmallFile.check(path)) != nil, let handle = unsafe fopen(path, "r") else { return [] }
        defer { unsafe fclose(handle) }
        var octets = [UInt8](repeating: 0, count: Self.maximumSize)
        let count = unsafe fread(&octets, 1, octets.count, handle)
        let lines = String(decoding: octets[..<count], as: UTF8.self).split(separator: "\n")
        guard let first = lines.first, String(first) == key else { return [] }
        return lines.dropFirst().compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 1)
            guard let first = fields.first, let uri = try? FaceURI(String(first)) else { return nil }
            return Router(uri: uri, prefix: fields.count > 1 ? try? Name(uri: String(fields[1])) : nil)
        }
    }

    /// Remembers an answer in one step: whoever reads meanwhile has the old or the new one.
    func write(_ routers: [Router], key: String) throws(DiscoveryError) {
        let lines = routers.map { router in "\(router.uri)\(router.prefix.map { " \($0)" } ?? "")\n" }
        do throws(SecurityError) {
            try PrivateFile.makeFolder(folder)
            try PrivateFile.write("\(key)\n\(lines.joined())", to: path)
        } catch {
            throw DiscoveryError("cannot write \(error)")
        }
    }
}
