import ArgumentParser
import NDN
import RegistryNDN
import Testing

@testable import registry_ndn

@Suite struct SettingOptionTests {
    /// Messages name options that some command has.
    @Test(arguments: Setting.allCases.map(\.option) + RegistrySetting.allCases.map(\.option))
    func everySettingIsAnOption(option: String) {
        let commands = RegistryNDNCommand.configuration.subcommands
        let word = /--[a-z-]+/
        #expect(
            commands.contains { command in
                RegistryNDNCommand.helpMessage(for: command).matches(of: word).contains { $0.output == option }
            })
    }

    /// Settings of both libraries are told apart by what they are for.
    @Test func noTwoSettingsHaveOneWord() {
        let words = Setting.allCases.map(\.rawValue) + RegistrySetting.allCases.map(\.rawValue)
        #expect(Set(words).count == words.count)
    }
}
