import ArgumentParser
import NIOCore
import Testing

@testable import registry_ndn

@Suite("Sizes and durations on the command line")
struct UnitArgumentTests {
    @Test(
        "sizes are read as people write them",
        arguments: [
            ("90", 90), ("32M", 32 << 20), ("32m", 32 << 20), ("32MB", 32_000_000), ("32MiB", 32 << 20),
            ("1.5GiB", 3 << 29), ("64 MiB", 64 << 20), ("500kB", 500_000), ("4KB", 4_000), ("4k", 4096), ("0", 0),
            ("7B", 7), ("1T", 1 << 40), ("0.5G", 1 << 29),
        ] as [(String, Int)])
    func sizes(text: String, octets: Int) throws {
        #expect(try ByteSizeArgument.parse(text).octets == octets)
    }

    @Test(
        "what is no size is refused with what is accepted",
        arguments: [
            "", "much", "MiB", "-1", "+1", "1.5.0M", "1,5G", "12x", "1M2K", "9e9", "99999999999G", ".", "1.", "٣",
        ])
    func noSizes(text: String) {
        let error = #expect(throws: ValidationError.self) { try ByteSizeArgument.parse(text) }
        #expect(error.map { "\($0)".contains("\"\(text)\"") && "\($0)".contains("64MiB") } == true)
    }

    @Test(
        "durations are read as people write them",
        arguments: [
            ("90", .seconds(90)), ("90s", .seconds(90)), ("10m", .minutes(10)), ("1h30m", .minutes(90)),
            ("1d", .hours(24)), ("500ms", .milliseconds(500)), ("1.5h", .minutes(90)), ("1h 5min", .minutes(65)),
            ("0.5", .milliseconds(500)), ("20us", .microseconds(20)), ("0", .zero),
        ] as [(String, TimeAmount)])
    func durations(text: String, amount: TimeAmount) throws {
        #expect(try DurationArgument.parse(text).amount == amount)
    }

    @Test(
        "what is no duration is refused with what is accepted",
        arguments: ["", "soon", "m", "-1s", "1h30", "1y", "10 m 5", "300000000d"])
    func noDurations(text: String) {
        let error = #expect(throws: ValidationError.self) { try DurationArgument.parse(text) }
        #expect(error.map { "\($0)".contains("\"\(text)\"") && "\($0)".contains("1h30m") } == true)
    }

    @Test("a size is shown with the largest unit that leaves nothing over")
    func sizeDescription() throws {
        for text in ["64MiB", "3GiB", "10TB", "500MB", "1TiB", "7KiB", "1500MB", "1001B", "0B"] {
            #expect(try ByteSizeArgument.parse(text).description == text)
        }
    }

    @Test("a duration is shown with the largest units that leave nothing over")
    func description() throws {
        for text in ["10m", "1h30m", "500ms", "1s", "0s", "24h", "1m500ms"] {
            #expect(try DurationArgument.parse(text).description == text)
        }
    }
}
