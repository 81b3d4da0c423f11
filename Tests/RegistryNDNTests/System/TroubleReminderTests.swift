import NIOCore
import Testing

@testable import NDN

@Suite("A trouble that lasts")
struct TroubleReminderTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("is told at its begin, after a minute, and then every ten")
    func reminders() {
        var reminder = TroubleReminder()
        var told: [String] = []
        // As often as a connection is tried again.
        for second in stride(from: Int64(0), through: 1300, by: 2) {
            switch reminder.look(now: start + .seconds(second)) {
            case .begin: told.append("begin")
            case .reminder(let time): told.append(TroubleReminder.words(time))
            case .none: break
            }
        }
        #expect(told == ["begin", "60 s", "11 min", "21 min"])
    }

    @Test("begins anew once it was over")
    func anew() {
        var reminder = TroubleReminder()
        #expect(reminder.end(now: start) == nil)
        _ = reminder.look(now: start)
        #expect(reminder.end(now: start + .hours(3)) == .hours(3))
        #expect(reminder.look(now: start + .hours(3)) == .begin)
        #expect(reminder.look(now: start + .hours(3) + .seconds(59)) == .none)
    }

    @Test(
        "has a time that people read",
        arguments: [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h")])
    func words(seconds: Int64, words: String) {
        #expect(TroubleReminder.words(.seconds(seconds)) == words)
    }
}
