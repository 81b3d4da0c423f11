import ArgumentParser
import RegistryNDN
import Testing

@testable import registry_ndn

@Suite("Numbers on the command line")
struct NumberArgumentTests {
    @Test(
        "a negative number belongs to the option before it",
        arguments: [
            ("ping /a --count -1", "ping /a --count=-1"), ("ping -c -1 /a", "ping -c=-1 /a"),
            ("client --fch-position -33.8,151.2 --mtu 3", "client --fch-position=-33.8,151.2 --mtu 3"),
            ("forwarder --cache-size -.5G", "forwarder --cache-size=-.5G"), ("fetch -o - /a", "fetch -o - /a"),
            ("client --insecure --mtu=3 -1", "client --insecure --mtu=3 -1"), ("fetch -- -o -1", "fetch -- -o -1"),
            ("keygen -1", "keygen -1"), ("--retx --mtu", "--retx --mtu"),
        ])
    func negative(line: String, attached: String) {
        let arguments = line.split(separator: " ").map(String.init)
        #expect(NegativeValues.attached(arguments).joined(separator: " ") == attached)
    }

    /// The options of all commands that take a number, a size or a duration.
    private static let refused = [
        "client --retx -1", "client --max-cwnd -1", "client --timeout -5", "client --memory -1MiB", "client --mtu -1",
        "client --fch-count -4", "client --idle-timeout -2m", "fetch --progress-timeout -5s", "server --chunk-size -1",
        "server --concurrency -1", "server --fetch-chunks -512", "server --fetch-caches -1",
        "server --source-interests -1", "server --source-rate -1", "forwarder --cache-size -5", "ping /a -c -1",
        "ping /a -i -1s", "register /a --cost -1", "register /a --expires -1h", "keygen /a --days -1",
        "cert issue x --days -1",
    ]

    @Test("what is negative and may not be is said to be so", arguments: refused)
    func refusal(line: String) {
        let arguments = NegativeValues.attached(line.split(separator: " ").map(String.init))
        let error = #expect(throws: (any Error).self) { try RegistryNDNCommand.parseAsRoot(arguments) }
        let text = error.map { RegistryNDNCommand.message(for: $0) } ?? ""
        #expect(text.contains("is negative: write ") || text.contains("is not a "), "\(text)")
        #expect(text.contains("The value '-"), "\(text)")
    }

    @Test("a place in the south is one")
    func south() throws {
        let arguments = NegativeValues.attached(["ping", "/a", "--fch-position", "-33.8,151.2"])
        let command = try #require(try RegistryNDNCommand.parseAsRoot(arguments) as? PingCommand)
        #expect(command.discovery.position?.value.latitude == -33.8)
    }

    @Test(
        "a number says what is wrong with it",
        arguments: [
            ("-1", "-1 is negative: write a whole number from 0 to 254"),
            ("255", "255 is too large: write a whole number from 0 to 254"),
            ("ten", "ten is no whole number: write a whole number from 0 to 254"),
            ("1.5", "1.5 is no whole number: write a whole number from 0 to 254"),
        ])
    func bounds(text: String, words: String) {
        let error = #expect(throws: ValidationError.self) { try WholeNumber.within(0...254)(text) }
        #expect(error?.message == words)
    }

    @Test("a number with one bound")
    func oneBound() throws {
        #expect(try WholeNumber.within(1...Int.max)("7") == 7)
        let error = #expect(throws: ValidationError.self) { try WholeNumber.within(1...Int.max)("0") }
        #expect(error?.message == "0 is too small: write a whole number, 1 or more")
    }
}
