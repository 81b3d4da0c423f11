import Testing

@testable import registry_ndn

@Suite("What setup does to files, and undoes")
struct SetupPlanTests {
    private static let own = "/etc/x/own.conf"
    private static let shared = "/etc/x/shared.json"

    private func own(_ text: String) -> EngineRecipe.File { .init(path: Self.own, text: text, isOwn: true) }
    private func shared(_ text: String) -> EngineRecipe.File { .init(path: Self.shared, text: text, isOwn: false) }

    /// The files after a plan's changes.
    private func made(_ plan: SetupPlan, _ files: [String: String]) -> [String: String] {
        var files = files
        for change in plan.changes {
            #expect(files[change.path] == change.before)
            files[change.path] = change.after
        }
        return files
    }

    @Test("what was written is undone, and a second time there is nothing to do")
    func backAndForth() {
        let before = [Self.shared: "old"]
        let wanted = [own("a"), shared("old+")]
        let plan = SetupPlan(wanted, now: before, record: SetupRecord())
        let files = made(plan, before)
        #expect(files == [Self.own: "a", Self.shared: "old+"] && plan.obstacles.isEmpty)
        let again = SetupPlan(wanted, now: files, record: plan.record)
        #expect(again.changes.isEmpty && again.obstacles.isEmpty && again.record == plan.record)
        let undone = SetupPlan([], now: files, record: plan.record)
        #expect(made(undone, files) == before && undone.record == SetupRecord())
        let twice = SetupPlan([], now: before, record: undone.record)
        #expect(twice.changes.isEmpty && twice.obstacles.isEmpty)
    }

    @Test("with something else wanted, the first is taken back, and undoing leads to the beginning")
    func anew() {
        let before = [Self.shared: "old"]
        let first = SetupPlan([own("a"), shared("old+1")], now: before, record: SetupRecord())
        var files = made(first, before)
        #expect(first.record.base(Self.shared, now: files[Self.shared]) == "old")
        let second = SetupPlan([shared("old+2")], now: files, record: first.record)
        files = made(second, files)
        #expect(files == [Self.shared: "old+2"])
        #expect(made(SetupPlan([], now: files, record: second.record), files) == before)
    }

    @Test("a file of somebody else's is not replaced, but for one that is the same already")
    func others() {
        let foreign = SetupPlan([own("a")], now: [Self.own: "b"], record: SetupRecord())
        #expect(foreign.changes.isEmpty && foreign.obstacles.count == 1)
        let same = SetupPlan([own("a")], now: [Self.own: "a"], record: SetupRecord())
        #expect(same.changes.isEmpty && same.obstacles.isEmpty && same.record.entries.isEmpty)
    }

    @Test("what was changed since is neither undone nor forgotten")
    func changed() {
        let first = SetupPlan([own("a"), shared("old+")], now: [Self.shared: "old"], record: SetupRecord())
        for files in [
            [Self.own: "a", Self.shared: "old+ and more"], [Self.own: "a"], [Self.own: "b", Self.shared: "old+"],
        ] {
            let undo = SetupPlan([], now: files, record: first.record)
            #expect(undo.obstacles.count == 1 && undo.record.entries.count == 1, "\(files)")
        }
        // A file of ours that somebody removed is just gone.
        let removed = SetupPlan([], now: [Self.shared: "old+"], record: first.record)
        #expect(removed.obstacles.isEmpty && removed.changes.map(\.after) == ["old"])
        // What was changed and still is as wanted stays changed.
        let kept = SetupPlan([shared("new")], now: [Self.shared: "new"], record: first.record)
        #expect(kept.record.entries.map(\.path).contains(Self.shared))
    }

    @Test("wherever a crash ends it, all can be undone")
    func crashes() {
        let before = [Self.shared: "old"]
        let first = SetupPlan([own("a"), shared("old+1")], now: before, record: SetupRecord())
        // Before anything was written, and after one of two files.
        for files in [before, [Self.own: "a", Self.shared: "old"]] {
            let undo = SetupPlan([], now: files, record: first.recordMeanwhile(SetupRecord()))
            #expect(undo.obstacles.isEmpty && made(undo, files) == before)
        }
        // Between two contents of one file.
        let written = [Self.own: "a", Self.shared: "old+1"]
        let second = SetupPlan([own("b"), shared("old+2")], now: written, record: first.record)
        for files in [written, [Self.own: "b", Self.shared: "old+1"], made(second, written)] {
            let undo = SetupPlan([], now: files, record: second.recordMeanwhile(first.record))
            #expect(undo.obstacles.isEmpty && made(undo, files) == before)
        }
    }

    @Test("texts that are equal as strings and differ in octets differ")
    func octets() {
        let plan = SetupPlan([shared("e\u{301}")], now: [Self.shared: "\u{e9}"], record: SetupRecord())
        #expect(plan.changes.count == 1)
    }
}
