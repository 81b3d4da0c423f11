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
    /// What was changed since setup wrote it, and stays, each with what to do about it.
    private(set) var left: [String] = []
    private(set) var notes: [String] = []
    /// What is to be remembered once all changes are made.
    private(set) var record: SetupRecord

    /// - Parameters:
    ///   - wanted: the files as they are to be.
    ///   - now: the text of each file of `wanted` and of `record` that is there.
    ///   - endpoints: the client's addresses that stand in `wanted`.
    ///   - registries: those that `wanted` leads to them; none for all.
    init(
        _ wanted: [EngineRecipe.File], now: [String: String], record: SetupRecord, endpoints: [EngineEndpoint] = [],
        registries: [LedRegistry] = []
    ) {
        self.record = SetupRecord(entries: [], folders: record.folders)
        for file in wanted {
            plan(file, now[file.path], record.entry(file.path))
        }
        for entry in record.entries where !wanted.contains(where: { $0.path == entry.path }) {
            restore(entry, now[entry.path])
        }
        if self.record.entries.isEmpty { return }
        if wanted.isEmpty {
            // What is left still leads there.
            self.record.addPlaces(of: record)
        } else {
            if !endpoints.isEmpty { self.record.endpoints = endpoints.map { "\($0)" } }
            if !registries.isEmpty { self.record.registries = registries.map { "\($0)" } }
        }
    }

    /// What is to be remembered while the changes are made, so that they can be undone wherever that ends.
    func recordMeanwhile(_ old: SetupRecord) -> SetupRecord {
        var meanwhile = record
        meanwhile.addPlaces(of: old)
        for entry in old.entries {
            guard let index = meanwhile.entries.firstIndex(where: { $0.path == entry.path }) else {
                meanwhile.entries.append(entry)
                continue
            }
            meanwhile.entries[index].written += entry.written.filter { !meanwhile.entries[index].written.contains($0) }
        }
        return meanwhile
    }

    /// What is to be remembered when some changes were made and then one was not.
    func record(afterThose made: Set<String>, _ old: SetupRecord) -> SetupRecord {
        var partial = record
        partial.addPlaces(of: old)
        for change in changes where !made.contains(change.path) {
            partial.entries.removeAll { $0.path == change.path }
            if let entry = old.entry(change.path) { partial.entries.append(entry) }
        }
        return partial
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
            SetupRecord.Entry(
                path: file.path, written: [SetupRecord.digest(file.text)], text: file.text, former: former))
    }

    private mutating func restore(_ entry: SetupRecord.Entry, _ now: String?) {
        guard !Self.isSame(now, entry.former) else { return }
        guard let now else {
            notes.append("\(entry.path) was removed since setup wrote it, and stays so")
            return
        }
        guard !entry.written.contains(SetupRecord.digest(now)) else {
            changes.append(Change(path: entry.path, before: now, after: entry.former))
            return
        }
        if SetupMark.stands(in: entry.text) { keepOwn(entry, now) } else { takeOut(entry, now) }
    }

    /// A file of ours that somebody changed: without the mark it is theirs.
    private mutating func keepOwn(_ entry: SetupRecord.Entry, _ now: String) {
        guard SetupMark.stands(in: now) else {
            notes.append("\(entry.path) is no longer marked as written by setup, and is left")
            return
        }
        left.append(
            "\(entry.path) was changed since setup wrote it, and is left: delete it, or take out its first line, which says that setup wrote it, and it is yours; then --undo forgets it"
        )
        record.entries.append(entry)
    }

    /// A file of others: what was changed stays, and what is ours goes.
    private mutating func takeOut(_ entry: SetupRecord.Entry, _ now: String) {
        do {
            let rest = try DaemonSettings.remainder(of: now, written: entry.text, former: entry.former)
            if !Self.isSame(rest, now) { changes.append(Change(path: entry.path, before: now, after: rest)) }
        } catch {
            left.append(
                "\(entry.path) was changed since setup wrote it, and is left: \(error); correct that, and call --undo again"
            )
            record.entries.append(entry)
        }
    }

    /// Octet by octet: as strings, texts of different octets may be equal.
    static func isSame(_ one: String?, _ other: String?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.utf8.elementsEqual(other.utf8)
    }
}
