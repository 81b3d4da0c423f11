import ArgumentParser

/// `registry-ndn doctor`: what does not work for a client or a server with the same options, and what to do about it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Find out what does not work for a client or a server with the same options, and what to do about it.",
        discussion: """
            Write doctor before client or server, and leave the rest of the command line as it is; without either word it is a \
            client's. Exits with 0 when nothing failed, else with 1. docs/doctor.md says what each line means.
            """,
        subcommands: [DoctorClient.self, DoctorServer.self], defaultSubcommand: DoctorClient.self)
}
