import FoundationEssentials
import NDN

#if canImport(Glibc)
    import Glibc
#endif

/// Where setup remembers, for each engine, what it wrote and what was there before: a file that its owner alone may read, since
/// settings can hold passwords of proxies.
struct SetupStore {
    private let files: SettingsFiles
    private let path: String
    private let engine: Engine

    /// - Parameter state: the folder of what programs remember, /var/lib or that of the user.
    init(_ engine: Engine, _ files: SettingsFiles, environment: Environment = .process()) {
        self.files = files
        self.engine = engine
        var folder = "/var/lib/registry-ndn-setup"
        if files.root.isEmpty, geteuid() != 0 {
            let own = environment["XDG_STATE_HOME"] ?? environment["HOME"].map { "\($0)/.local/state" }
            if let own { folder = "\(own)/registry-ndn/setup" }
        }
        path = "\(folder)/\(engine).json"
    }

    func load() throws -> SetupRecord {
        guard let text = try files.read(path) else { return SetupRecord() }
        do {
            return try JSONDecoder().decode(SetupRecord.self, from: Data(text.utf8))
        } catch {
            throw SettingsFiles.Failure(
                description: "\(files.root)\(path), where setup remembers what it wrote, cannot be read: \(error)")
        }
    }

    func store(_ record: SetupRecord) throws {
        guard !record.entries.isEmpty || !record.folders.isEmpty else {
            try files.remove(path)
            return files.removeFolder(SettingsFiles.folder(of: path))
        }
        _ = try files.makeFolders(above: path, mode: 0o700)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try files.replace(path, String(decoding: try encoder.encode(record), as: UTF8.self) + "\n", mode: 0o600)
    }

    /// Makes the changes of a plan. Wherever it ends, what was written so far can be undone.
    func carryOut(_ plan: SetupPlan, from old: SetupRecord) throws {
        var meanwhile = plan.recordMeanwhile(old)
        try store(meanwhile)
        for change in plan.changes {
            let made = change.after == nil ? [] : try files.makeFolders(above: change.path)
            if !made.isEmpty {
                meanwhile.folders += made
                try store(meanwhile)
            }
            try files.make(change)
        }
        var record = plan.record
        record.folders = meanwhile.folders
        if record.entries.isEmpty {
            for folder in record.folders.reversed() { files.removeFolder(folder) }
            record.folders = []
        }
        try store(record)
    }
}
