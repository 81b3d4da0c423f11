#if canImport(Glibc)
    import Glibc
#endif

/// Settings that are not flags: the process's environment, then `./.env`.
struct Environment {
    private let file: [String: String]

    /// Reads `./.env`, if there is one.
    init() throws {
        guard let text = try Self.read("./.env") else {
            file = [:]
            return
        }
        do {
            file = try DotEnv.parse(text)
        } catch {
            throw DotEnv.Failure(description: "./.env: \(error)")
        }
    }

    /// The process's environment alone.
    static func process() -> Environment { Environment(file: [:]) }

    private init(file: [String: String]) {
        self.file = file
    }

    /// The value of a variable; an empty one counts as absent.
    subscript(name: String) -> String? {
        if let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty { return value }
        return file[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func read(_ path: String) throws -> String? {
        guard let handle = unsafe fopen(path, "r") else {
            if errno == ENOENT { return nil }
            throw DotEnv.Failure(description: "\(path): cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        defer { unsafe fclose(handle) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, handle)
            octets += chunk[..<count]
            guard count == chunk.count else { break }
            guard octets.count <= 1 << 20 else { throw DotEnv.Failure(description: "\(path): larger than 1 MiB") }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
