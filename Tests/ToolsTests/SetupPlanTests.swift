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

    @Test("the client's addresses are remembered as long as a file of theirs is there")
    func addresses() throws {
        let (first, second) = (try EngineEndpoint.parse("127.0.0.1:1"), try EngineEndpoint.parse("https://[::1]:2"))
        let plan = SetupPlan([own("a"), shared("b")], now: [:], record: SetupRecord(), endpoints: [first, second])
        #expect(plan.record.endpoints == ["http://127.0.0.1:1", "https://[::1]:2"])
        let other = SetupPlan(
            [own("c")], now: [Self.own: "a", Self.shared: "b"], record: plan.record, endpoints: [second])
        #expect(other.record.endpoints == ["https://[::1]:2"])
        // One of two files was written: the other leads where it led before.
        let partial = other.record(afterThose: [Self.own], plan.record)
        #expect(Set(partial.endpoints ?? []) == Set(plan.record.endpoints ?? []))
        #expect(SetupPlan([], now: [Self.own: "c"], record: other.record).record == SetupRecord())
    }

    @Test("where the engine was led is remembered as long as anything of setup's is left")
    func places() throws {
        let endpoint = try EngineEndpoint.parse("127.0.0.1:1")
        let (quay, own) = (try LedRegistry.parse("quay.io"), try LedRegistry.parse("[::1]:5=127.0.0.1:2"))
        let text = SetupMark.comment(.podman) + "a"
        let plan = SetupPlan(
            [self.own(text)], now: [:], record: SetupRecord(), endpoints: [endpoint], registries: [quay, own])
        #expect(plan.record.registries == ["quay.io", "[::1]:5=http://127.0.0.1:2"])
        #expect(try plan.record.registries?.map(LedRegistry.parse) == [quay, own])
        // Undoing leaves a file that was changed since.
        let refused = SetupPlan([], now: [Self.own: text + "b"], record: plan.record)
        #expect(refused.left.count == 1 && refused.record == plan.record)
        // Undoing was ended in the middle, or failed.
        let undo = SetupPlan([], now: [Self.own: text], record: plan.record)
        #expect(undo.record == SetupRecord() && undo.recordMeanwhile(plan.record) == plan.record)
        #expect(undo.record(afterThose: [], plan.record) == plan.record)
        let other = SetupPlan(
            [self.own("c")], now: [Self.own: text], record: plan.record, endpoints: [endpoint], registries: [quay])
        #expect(other.record.registries == ["quay.io"])
        let all = SetupPlan([self.own("d")], now: [Self.own: "c"], record: other.record, endpoints: [endpoint])
        #expect(all.record.registries == nil)
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
        for files in [[Self.own: "a", Self.shared: "old+ and more"], [Self.own: "b", Self.shared: "old+"]] {
            let undo = SetupPlan([], now: files, record: first.record)
            #expect(undo.obstacles.isEmpty && undo.left.count == 1 && undo.record.entries.count == 1, "\(files)")
            #expect(undo.changes.count == 1)
        }
        // One of others that somebody removed stays so.
        let gone = SetupPlan([], now: [Self.own: "a"], record: first.record)
        #expect(gone.left.isEmpty && gone.notes.count == 1 && gone.record == SetupRecord() && gone.changes.count == 1)
        // A file of ours that somebody removed is just gone.
        let removed = SetupPlan([], now: [Self.shared: "old+"], record: first.record)
        #expect(removed.obstacles.isEmpty && removed.changes.map(\.after) == ["old"])
        // What was changed and still is as wanted stays changed.
        let kept = SetupPlan([shared("new")], now: [Self.shared: "new"], record: first.record)
        #expect(kept.record.entries.map(\.path).contains(Self.shared))
    }

    @Test("of a file of others that was changed since, our own part is taken out and no other")
    func ownPart() throws {
        let address = "http://127.0.0.1:5000"
        for (former, theirs) in [
            (nil, #"{"debug": true}"#), (#"{"debug": false}"#, #"{"debug": true}"#),
            (
                #"{"registry-mirrors": ["https://a/"]}"#,
                #"{"registry-mirrors": ["https://a/", "https://b/"], "debug": true}"#
            ),
        ] as [(String?, String)] {
            var settings = DaemonSettings(former)
            try settings.put(address, into: DaemonSettings.mirrors)
            let plan = SetupPlan(
                [shared(settings.text)], now: former.map { [Self.shared: $0] } ?? [:], record: SetupRecord())
            var changed = DaemonSettings(theirs)
            try changed.put(address, into: DaemonSettings.mirrors)
            let undo = SetupPlan([], now: [Self.shared: changed.text], record: plan.record)
            #expect(undo.changes.map(\.after) == [theirs] && undo.left.isEmpty && undo.record == SetupRecord())
            // Somebody did so by hand.
            let byHand = SetupPlan([], now: [Self.shared: theirs], record: plan.record)
            #expect(byHand.changes.isEmpty && byHand.left.isEmpty && byHand.record == SetupRecord())
        }
        let ours = try DaemonSettings.remainder(
            of: "{ \"registry-mirrors\": [\"\(address)\"] }", written: "{\"registry-mirrors\": [\"\(address)\"]}",
            former: nil)
        #expect(ours == nil)
    }

    @Test("a file of ours without its mark is somebody's own")
    func unmarked() {
        let text = SetupMark.comment(.podman) + "a"
        let first = SetupPlan([own(text)], now: [:], record: SetupRecord())
        let marked = SetupPlan([], now: [Self.own: text + "b"], record: first.record)
        #expect(marked.left.count == 1 && marked.record == first.record)
        let unmarked = SetupPlan([], now: [Self.own: "ab"], record: first.record)
        #expect(unmarked.left.isEmpty && unmarked.changes.isEmpty && unmarked.record == SetupRecord())
    }

    @Test("of changes that fail on the way, those alone are remembered that were made")
    func partly() {
        let first = SetupPlan([own("a"), shared("old+")], now: [Self.shared: "old"], record: SetupRecord())
        #expect(first.record(afterThose: [Self.own], SetupRecord()).entries.map(\.path) == [Self.own])
        let undo = SetupPlan([], now: [Self.own: "a", Self.shared: "old+"], record: first.record)
        #expect(undo.record(afterThose: [Self.own], first.record).entries.map(\.path) == [Self.shared])
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
