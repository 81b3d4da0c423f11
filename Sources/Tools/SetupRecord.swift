import FoundationEssentials
import NDN
import NIOCore

/// What setup wrote for an engine, and what was there before: how it is undone, and how a file is known that was changed since.
struct SetupRecord: Codable, Equatable {
    struct Entry: Codable, Equatable {
        let path: String
        /// SHA-256 of what setup wrote, in hex. While a file is written, also of what it wrote before: whichever a crash leaves.
        var written: [String]
        /// What setup wrote last: how its own part is known in a file that was changed since.
        let text: String
        /// nil where there was no file.
        let former: String?
    }

    var entries: [Entry] = []
    /// Folders that were made, in this order.
    var folders: [String] = []
    /// The client's addresses that the engine was told: those that `--check` asks about unless it is given one.
    var endpoints: [String]?
    /// The registries that the engine was told to ask the client for, each as `--registry` has it; nil for all.
    var registries: [String]?

    /// Remembers also what another record has of where the engine was led, as while files of both are there.
    mutating func addPlaces(of other: SetupRecord) {
        endpoints = Self.union(endpoints, other.endpoints)
        registries = Self.union(registries, other.registries)
    }

    private static func union(_ one: [String]?, _ other: [String]?) -> [String]? {
        guard let one, let other else { return one ?? other }
        return one + other.filter { !one.contains($0) }
    }

    func entry(_ path: String) -> Entry? { entries.first { $0.path == path } }

    /// The text that counts as what was there before setup: while the file is as setup left it, the former one.
    func base(_ path: String, now: String?) -> String? {
        guard let entry = entry(path), let now, entry.written.contains(Self.digest(now)) else { return now }
        return entry.former
    }

    static func digest(_ text: String) -> String { SHA256.hash(ByteBuffer(string: text)).hex }
}
