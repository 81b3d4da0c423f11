import ArgumentParser
import Testing

@testable import registry_ndn

@Suite("Options that are given twice")
struct RepeatedOptionsTests {
    private func refusal(_ line: String) -> String? {
        do {
            try RepeatedOptions(line.split(separator: " ").map(String.init)).check(in: RegistryNDNCommand.self)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "are refused where they take one value",
        arguments: [
            ("client --name /a --name /b", "--name is given twice"),
            ("client --name /a --name=/b", "--name is given twice"),
            ("server --uplink none --cache-size 1M --uplink none --uplink none", "--uplink is given 3 times"),
            ("fetch /a -o x -o y", "-o is given twice"), ("fetch /a -o x --output y", "--output is given twice"),
            ("fetch /a --output=x -oy", "-o is given twice"), ("keygen /a --keychain x --keychain y", "--keychain"),
            ("keygen list --keychain x --keychain y", "--keychain"),
            ("cert show --keychain x a --keychain y", "--keychain"),
            ("strategy set --router a /x /y --router b", "--router"), ("forwarder --udp none --udp none", "--udp"),
            ("ping /a --router a --router b", "--router"), ("routes --router a --router b", "--router"),
        ])
    func refused(line: String, words: String) {
        #expect(refusal(line)?.contains(words) == true, "\(refusal(line) ?? "nothing")")
    }

    @Test(
        "are refused with the usage of the command that they are for",
        arguments: [
            ("client --name /a --name /b", "client"), ("cert show --keychain x a --keychain y", "show"),
            ("", "registry-ndn"), ("--name x --name y", "registry-ndn"),
        ])
    func command(line: String, name: String) {
        let words = line.split(separator: " ").map(String.init)
        #expect(RepeatedOptions(words).command(in: RegistryNDNCommand.self)._commandName == name)
    }

    @Test(
        "are fine where they take several, or none",
        arguments: [
            "client --listen a:1 --listen b:2 --mirror x --mirror y",
            "server --listen a --listen b --repository x --repository y",
            "client --push-default --push-default", "client --fch-cap udp --fch-cap tcp", "client --name /a --listen b",
            "fetch /a -o - -- --output --output", "client --name /a --name /b --help",
            "client --nonsense 1 --nonsense 2", "",
        ])
    func taken(line: String) {
        #expect(refusal(line) == nil)
    }
}
