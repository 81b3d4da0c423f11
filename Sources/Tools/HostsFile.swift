/// A hosts.toml of containerd, and of Docker from release 28 on: where the images of one registry are asked for, or of all.
enum HostsFile {
    /// The folder that counts for every registry without one of its own.
    static let everyRegistry = "_default"

    /// Where the client does not answer, or says that it does not know the registry, they go on to the registry itself: so it
    /// is without `server`.
    static func text(leadingTo endpoint: EngineEndpoint, by engine: Engine) -> String {
        SetupMark.comment(engine) + "[host.\"\(endpoint)\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
    }

    /// The addresses that are asked, in their order; of a text that is no TOML none, since its readers refuse it.
    static func hosts(in text: String) -> [String] {
        (try? TOMLDocument(text))?.root["host"]?.table?.entries.map(\.key) ?? []
    }
}

/// The first lines of the files that are ours alone.
enum SetupMark {
    private static let begin = "# Written by registry-ndn setup "

    static func comment(_ engine: Engine) -> String {
        "\(begin)\(engine); registry-ndn setup \(engine) --undo removes it.\n\n"
    }

    static func stands(in text: String) -> Bool { text.utf8.starts(with: begin.utf8) }
}
