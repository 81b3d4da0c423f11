import ArgumentParser

/// The file that may hold all other options.
struct ConfigurationOptions: ParsableArguments {
    /// The names of these two, which stand in no configuration file.
    static let file = "config"
    static let printing = "print-config"

    @Option(
        name: .customLong(Self.file),
        help: """
            TOML file of options, one a line, as cache-size = "1GiB"; docs/configuration.md describes it. Read again on SIGHUP.
            """)
    var path: String?

    @Flag(
        name: .customLong(Self.printing),
        help: "Print the options in force and where each comes from, in the form of such a file, and end.")
    var isPrinted = false
}
