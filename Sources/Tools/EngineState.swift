/// What is looked at of an engine before it is set up, and to say whether it is: its files, and what it says of itself.
struct EngineState {
    var places = EnginePlaces()
    /// The text of each file that was looked for and is there.
    var files: [String: String] = [:]
    /// Folders of certs.d that have certificates in them.
    var certificates: Set<String> = []
    /// nil where neither the daemon nor its program is there.
    var docker: DockerFacts?
    /// nil where there is no configuration.
    var containerd: ContainerdFacts?
    /// What answers at addresses of the client; nothing of those that were not asked, or do not answer.
    var answers: [EngineEndpoint: EndpointQuestion.Answer] = [:]

    /// The hosts.toml files that are there, by the registry they are for.
    func hostsFiles(_ engine: Engine) -> [String: String] {
        let folder = places.certificates(engine) + "/"
        var found: [String: String] = [:]
        for (path, text) in files where path.hasPrefix(folder) && path.hasSuffix("/hosts.toml") {
            found[String(path.dropFirst(folder.count).prefix { $0 != "/" })] = text
        }
        return found
    }

    /// podman's files that are read, in that order: a user's own main file stands in the place of all that is the machine's.
    var registriesFiles: [String] {
        let own = places.readerRegistries.flatMap { files[$0] == nil ? nil : $0 }
        let folders = own == nil ? places.registries : own.map { ["\($0).d"] } ?? []
        let others = folders.flatMap { folder in files.keys.filter { $0.hasPrefix(folder + "/") }.sorted() }
        return [own ?? places.machineRegistries].filter { files[$0] != nil } + others
    }
}
