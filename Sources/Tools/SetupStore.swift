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
                description:
                    "\(files.root)\(path), where setup remembers what it wrote, is damaged: take out by hand what it wrote (its own files say so in their first line), and delete that file"
            )
        }
    }

    private func store(_ record: SetupRecord) throws {
        guard !record.entries.isEmpty || !record.folders.isEmpty else {
            return try files.remove(path)
        }
        _ = try files.makeFolders(above: path, mode: 0o700)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try files.replace(path, String(decoding: try encoder.encode(record), as: UTF8.self) + "\n", mode: 0o600)
    }

    /// Makes the changes of a plan, while no other setup does. Wherever it ends, what was written so far can be undone.
    ///
    /// - Parameter again: plans anew from the record and from the files as they are now.
    func carryOut(_ plan: SetupPlan, again: (SetupRecord) throws -> SetupPlan) throws {
        let folder = SettingsFiles.folder(of: path)
        var made: Set<String> = []
        do {
            try files.holding(folder, mode: 0o700) {
                defer { files.removeFolder(folder) }
                let old = try load()
                guard try again(old) == plan else {
                    throw SettingsFiles.Failure(
                        description:
                            "what was shown is no longer what would be done, since files were changed meanwhile: call setup again"
                    )
                }
                try carryOut(plan, from: old, &made)
            }
        } catch let failure as SettingsFiles.Failure {
            throw SettingsFiles.Failure(
                description: made.isEmpty
                    ? "\(failure); nothing was written"
                    : "\(failure); changed before that: \(made.sorted().joined(separator: ", ")); --undo takes that back"
            )
        }
    }

    /// Which of the files are as the plan makes them.
    private func made(of plan: SetupPlan) -> Set<String> {
        Set(
            plan.changes.filter { change in
                do { return SetupPlan.isSame(try files.read(change.path), change.after) } catch { return false }
            }.map(\.path))
    }

    private func carryOut(_ plan: SetupPlan, from old: SetupRecord, _ changed: inout Set<String>) throws {
        for path in [path] + plan.changes.map(\.path) { try files.removeLeftovers(of: path) }
        var meanwhile = plan.recordMeanwhile(old)
        try store(meanwhile)
        do {
            for change in plan.changes {
                let made = change.after == nil ? [] : try files.makeFolders(above: change.path)
                if !made.isEmpty {
                    meanwhile.folders += made
                    try store(meanwhile)
                }
                try files.make(change)
            }
        } catch {
            changed = made(of: plan)
            try settle(plan.record(afterThose: changed, old), folders: meanwhile.folders)
            throw error
        }
        try settle(plan.record, folders: meanwhile.folders)
    }

    /// Remembers what there is to remember in the end, and removes the folders that were made for nothing.
    private func settle(_ record: SetupRecord, folders: [String]) throws {
        var record = record
        record.folders = folders
        if record.entries.isEmpty {
            for folder in record.folders.reversed() { files.removeFolder(folder) }
            record.folders = []
        }
        try store(record)
    }
}
