import ArgumentParser
import Testing

@testable import registry_ndn

@Suite("Subcommands on the command line")
struct SubcommandWordsTests {
    private func refusal(_ line: String) -> String? {
        do {
            try SubcommandWords(line.split(separator: " ").map(String.init)).check(in: RegistryNDNCommand.self)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "one that is mistyped is told what was meant",
        arguments: [
            ("fech", "fetch"), ("help fech", "fetch"), ("clinet --name /a", "client"), ("sever", "server"),
            ("keygn /a", "keygen"), ("cert shwo x", "show"), ("help cert issu", "issue"), ("keygen lsit", "list"),
            ("forward", "forwarder"), ("strategy lst", "list"),
        ])
    func mistyped(line: String, meant: String) {
        #expect(refusal(line)?.hasSuffix("did you mean '\(meant)'?") == true, "\(refusal(line) ?? "nothing")")
    }

    @Test("one that is like none is told which there are", arguments: ["nonsense", "help nonsense", "cert nonsense"])
    func unknown(line: String) {
        #expect(
            refusal(line)?.contains("'nonsense'; known are c") == true
                || refusal(line)?.contains("known are export") == true)
    }

    @Test("one of which half is wrong was not meant")
    func farther() {
        #expect(NearestName.nearest(to: "typo", among: ["top", "ping"]) == nil)
        #expect(NearestName.nearest(to: "pign", among: ["top", "ping"]) == "ping")
    }

    @Test(
        "all others are the parser's",
        arguments: [
            "", "--version", "help", "help keygen list", "help --help", "client --upstream", "fetch /a b c", "ping /a",
            "keygen /a", "keygen list", "cert", "strategy set /a asf",
        ])
    func known(line: String) {
        #expect(refusal(line) == nil)
    }

    @Test("what has no subcommands says so")
    func leaf() {
        #expect(refusal("help ping x")?.contains("ping has no subcommands") == true)
    }
}
