/// What is to be done to files, and what is to be remembered of it; nothing wanted undoes all.
struct SetupPlan: Equatable {
    struct Change: Equatable {
        let path: String
        /// nil where there is no file, or there is to be none.
        let before: String?
        let after: String?
    }

    private(set) var changes: [Change] = []
    private(set) var obstacles: [String] = []
    /// What is to be remembered once all changes are made.
    private(set) var record: SetupRecord

    /// - Parameters:
    ///   - wanted: the files as they are to be.
    ///   - now: the text of each file of `wanted` and of `record` that is there.
    init(_ wanted: [EngineRecipe.File], now: [String: String], record: SetupRecord) {
        self.record = SetupRecord(entries: [], folders: record.folders)
        for file in wanted {
            plan(file, now[file.path], record.entry(file.path))
        }
        for entry in record.entries where !wanted.contains(where: { $0.path == entry.path }) {
            restore(entry, now[entry.path])
        }
    }

    /// What is to be remembered while the changes are made, so that they can be undone wherever that ends.
    func recordMeanwhile(_ old: SetupRecord) -> SetupRecord {
        var meanwhile = record
        for entry in old.entries {
            guard let index = meanwhile.entries.firstIndex(where: { $0.path == entry.path }) else {
                meanwhile.entries.append(entry)
                continue
            }
            meanwhile.entries[index].written += entry.written.filter { !meanwhile.entries[index].written.contains($0) }
        }
        return meanwhile
    }

    private mutating func plan(_ file: EngineRecipe.File, _ now: String?, _ entry: SetupRecord.Entry?) {
        let isAsWritten = now.map { entry?.written.contains(SetupRecord.digest($0)) ?? false } ?? false
        let base = isAsWritten ? entry?.former : now
        if let now, Self.isSame(now, file.text) {
            // What was there before, or is somebody else's, needs no undoing; what was changed since cannot be undone.
            if isAsWritten, !Self.isSame(entry?.former, file.text) { keep(file, former: entry?.former) }
            if !isAsWritten, let entry { record.entries.append(entry) }
            return
        }
        if file.isOwn, now != nil, !isAsWritten {
            obstacles.append(
                entry == nil
                    ? "\(file.path) is there already, and not written by setup: put its lines together with these by hand, or move it away\n\(file.text)"
                    : "\(file.path) was changed since setup wrote it: put your change elsewhere and delete the file, or leave it so"
            )
            if let entry { record.entries.append(entry) }
            return
        }
        changes.append(Change(path: file.path, before: now, after: file.text))
        if !Self.isSame(base, file.text) { keep(file, former: base) }
    }

    private mutating func keep(_ file: EngineRecipe.File, former: String?) {
        record.entries.append(
            SetupRecord.Entry(path: file.path, written: [SetupRecord.digest(file.text)], former: former))
    }

    private mutating func restore(_ entry: SetupRecord.Entry, _ now: String?) {
        guard !Self.isSame(now, entry.former) else { return }
        guard let now, entry.written.contains(SetupRecord.digest(now)) else {
            obstacles.append(
                now == nil
                    ? "\(entry.path) was removed since setup wrote it, and held something of others before"
                    : "\(entry.path) was changed since setup wrote it: take out by hand what leads to the client"
            )
            record.entries.append(entry)
            return
        }
        changes.append(Change(path: entry.path, before: now, after: entry.former))
    }

    /// Octet by octet: as strings, texts of different octets may be equal.
    static func isSame(_ one: String?, _ other: String?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.utf8.elementsEqual(other.utf8)
    }
}
