import ArgumentParser
import Testing

@testable import registry_ndn

@Suite("Variables of options")
struct OptionVariablesTests {
    @Test("are named as the option is")
    func names() {
        #expect(OptionVariables.variable("stall-timeout") == "DOCKER_NDN_STALL_TIMEOUT")
        #expect(OptionVariables.variable("mtu") == "DOCKER_NDN_MTU")
    }

    @Test("exist for every option and switch of the programs that run on, but for those with one of their own")
    func exist() throws {
        for program in OptionSources.programs {
            for option in try CommandDescription(of: program).options
            where option.name != "log" && option.name != ConfigurationOptions.printing {
                let variable = OptionVariables.variable(option.name)
                #expect(
                    OptionVariables.exists(variable) || Environment.known.contains(variable)
                        || option.name == "repository", "\(variable)")
            }
        }
        #expect(!OptionVariables.exists("DOCKER_NDN_REPOSITORY"))
        #expect(!OptionVariables.exists("DOCKER_NDN_PRINT_CONFIG"))
        #expect(!OptionVariables.exists("DOCKER_NDN_HELP"))
        #expect(!OptionVariables.exists("DOCKER_NDN_OUTPUT"))
    }

    @Test("change nothing for other commands, and where there are none")
    func others() throws {
        for line in [[], ["fetch", "/a"], ["client", "--help"], ["forwarder", "--udp", "none"]] {
            #expect(try OptionSources(line).complete == line)
        }
    }
}
