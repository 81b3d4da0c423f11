import ArgumentParser
import NDN
import Testing

@testable import registry_ndn

@Suite struct SettingOptionTests {
    /// Messages name options that some command has.
    @Test(arguments: Setting.allCases) func everySettingIsAnOption(setting: Setting) {
        let commands = RegistryNDNCommand.configuration.subcommands
        let word = /--[a-z-]+/
        #expect(
            commands.contains { command in
                RegistryNDNCommand.helpMessage(for: command).matches(of: word).contains { $0.output == setting.option }
            })
    }
}
