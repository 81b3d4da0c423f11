import ArgumentParser
import NDN
import RegistryNDN
import Testing

@testable import registry_ndn

@Suite("Help and errors on a terminal, which shows no secret")
struct HelpTextTests {
    private static func all(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        [command] + command.configuration.subcommands.flatMap(all)
    }

    @Test("no text of the program's own looks like a secret")
    func help() {
        for command in Self.all(RegistryNDNCommand.self) {
            let text = RegistryNDNCommand.helpMessage(for: command, columns: 500)
            #expect(Userinfo.hidden(in: text) == text, "\(command)")
        }
    }

    @Test("nor does an error that says how something is written")
    func errors() {
        for call in [{ _ = try ImageReference.parse("X") }, { _ = try BlobReference.parse("x") }] as [() throws -> Void]
        {
            let error = #expect(throws: ValidationError.self) { try call() }
            let text = "\(error?.message ?? "")"
            #expect(Userinfo.hidden(in: text) == text)
        }
        let error = #expect(throws: UpstreamError.self) { try ProxyURL("http://a:b:c", from: "--proxy") }
        let text = error?.message ?? "none"
        #expect(text.contains("--proxy must be") && Userinfo.hidden(in: text) == text)
    }
}
