import ArgumentParser
import NDN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Settings that are not flags: the process's environment, then `./.env`.
struct Environment {
    /// Every variable of ours that some subcommand reads.
    static let known = [
        "DOCKER_NDN_CHUNK_SIZE", "DOCKER_NDN_CONCURRENCY", "DOCKER_NDN_CREDENTIALS", "DOCKER_NDN_FETCH_CACHES",
        "DOCKER_NDN_FETCH_CHUNKS", "DOCKER_NDN_LOG", "DOCKER_NDN_NAME", "DOCKER_NDN_REGISTRY",
        "DOCKER_NDN_REPOSITORIES", "NDNTS_KEYCHAIN", "NDNTS_UPLINK",
    ]
    private static let prefix = "DOCKER_NDN_"
    private static let path = "./.env"

    private let file: DotEnv?

    /// Reads `./.env`, if there is one.
    ///
    /// - Throws: `ValidationError` when it cannot be read, or a line of it that is meant for us makes no sense.
    init() throws(ValidationError) {
        var dotEnv: DotEnv?
        do throws(DotEnv.Failure) {
            if let octets = try Self.read(Self.path) { dotEnv = try DotEnv(octets, isOurs: Self.isOurs) }
        } catch {
            throw ValidationError("\(Self.path): \(error)")
        }
        self.init(dotEnv)
    }

    /// The process's environment alone.
    static func process() -> Environment { Environment(nil) }

    private init(_ file: DotEnv?) { self.file = file }

    /// Whether there is a `./.env`.
    var hasFile: Bool { file != nil }

    /// Of all variables that there are, ours or not.
    var names: Set<String> { Set((file?.variables ?? [:]).keys).union(Self.processNames()) }

    /// Where the value of a variable of ours comes from; nil when it has none.
    func source(of name: String) -> GivenOption.Source? {
        if Self.process()[name] != nil { return .variable(name) }
        guard self[name] != nil, let line = file?.line(of: name) else { return nil }
        return .line(line, of: Self.path, variable: name)
    }

    /// What is odd about the settings and does not keep a program from running. Looked for on demand: the programs' options, which
    /// have variables too, are described with their defaults, and some of these come from an environment.
    var complaints: [String] {
        var complaints: [String] = []
        if let ignored = file?.ignored, !ignored.isEmpty {
            complaints.append("\(Self.path): not read, for they are not NAME=value: lines \(Self.list(ignored))")
        }
        for repetition in file?.repeated ?? [] {
            complaints.append(
                "\(Self.path): \(repetition.name) stands in lines \(Self.list(repetition.lines)), of which the last one counts: keep one"
            )
        }
        let unknown = names.filter {
            $0.hasPrefix(Self.prefix) && !Self.known.contains($0) && !OptionVariables.exists($0)
        }
        let known = Self.known.filter { $0.hasPrefix(Self.prefix) }.joined(separator: ", ")
        for name in unknown.sorted() {
            complaints.append(
                "\(name) means nothing here and is ignored; known are \(known), and options as in DOCKER_NDN_CACHE_SIZE"
            )
        }
        return complaints
    }

    private static func list(_ lines: [Int]) -> String { lines.map(String.init).joined(separator: ", ") }

    private static func isOurs(_ name: String) -> Bool { name.hasPrefix(prefix) || known.contains(name) }

    /// The value of a variable; an empty one counts as absent. HOME is also what the user database says.
    subscript(name: String) -> String? {
        if let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty { return value }
        if let value = file?.variables[name], !value.isEmpty { return value }
        return name == "HOME" ? Self.homeOfUser() : nil
    }

    /// Services are started without HOME, and the numeric users of containers may have no entry: nil then.
    private static func homeOfUser() -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        let size = 1 << 14
        var texts = [CChar](repeating: 0, count: size)
        guard unsafe getpwuid_r(geteuid(), &entry, &texts, size, &found) == 0, unsafe found != nil,
            let folder = unsafe entry.pw_dir
        else { return nil }
        let home = unsafe String(cString: folder)
        return home.hasPrefix("/") ? home : nil
    }

    private static func processNames() -> [String] {
        var names: [String] = []
        var variable = unsafe environ
        // A null pointer after clearenv(3).
        guard Int(bitPattern: variable) != 0 else { return [] }
        while let text = unsafe variable.pointee {
            names.append(String(unsafe String(cString: text).prefix { $0 != "=" }))
            unsafe variable += 1
        }
        return names
    }

    /// The file's content; nil when there is none.
    private static func read(_ path: String) throws(DotEnv.Failure) -> [UInt8]? {
        var status = stat()
        // Where we may not even look, as in the folder of another user, there is nothing that is meant for us; and a folder of
        // this name is a Python environment.
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return nil }
        do { try SmallFile.check(path) } catch { throw DotEnv.Failure(description: error.reason) }
        guard let handle = unsafe fopen(path, "re") else { throw unreadable() }
        defer { unsafe fclose(handle) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, handle)
            octets += chunk[..<count]
            guard count == chunk.count else { break }
            guard octets.count <= 1 << 20 else { throw DotEnv.Failure(description: "larger than 1 MiB") }
        }
        guard unsafe ferror(handle) == 0 else { throw unreadable() }
        return octets
    }

    private static func unreadable() -> DotEnv.Failure {
        DotEnv.Failure(description: "cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
}
