import ArgumentParser
import NDN
import NIOCore
import RegistryNDN

/// The registries of a client as a TOML file:
///
///     [[registry]]
///     hosts = ["docker.io"]
///     url = "https://registry-1.docker.io"
///     name = "/example/hub"
///     default = true
///     push = true
///     listen = ["127.0.0.1:5001"]
///     credentials = "/etc/registry-ndn/hub.json"
enum MirrorFile {
    private static let keys: Set<String> = ["hosts", "url", "name", "default", "push", "listen", "credentials"]

    /// Reads the file at `path`; every error says which file, which line and which key.
    static func read(_ path: String) throws -> [MirroredRegistry] {
        func wrong(_ why: String) -> ValidationError { ValidationError("--mirrors \(path): \(why)") }
        let text = try contents(of: path)
        let tables: [TOMLTables.Table]
        do throws(TOMLTables.Failure) {
            tables = try TOMLTables(text).tables
        } catch {
            throw wrong("\(error)")
        }
        guard !tables.isEmpty else { throw wrong("no [[registry]]") }
        return try tables.map { table in
            do throws(EntryError) {
                return try registry(table)
            } catch {
                throw wrong("[[\(table.name)]] in line \(table.line): \(error.why)")
            }
        }
    }

    private struct EntryError: Error {
        let why: String
    }

    private static func registry(_ table: TOMLTables.Table) throws(EntryError) -> MirroredRegistry {
        guard table.name == "registry" else { throw EntryError(why: "only [[registry]] is known here") }
        if let key = table.values.keys.sorted().first(where: { !keys.contains($0) }) {
            throw EntryError(why: "\"\(key)\" is not known; known are \(keys.sorted().joined(separator: ", "))")
        }
        guard case .string(let url) = table.values["url"] else {
            throw EntryError(why: "url is missing, or not a string")
        }
        guard case .string(let name) = table.values["name"] else {
            throw EntryError(why: "name is missing, or not a string")
        }
        var hosts: [RegistryHost] = []
        for text in try strings(table, "hosts") {
            guard let host = RegistryHost(text) else { throw EntryError(why: "hosts: \"\(text)\" is not a host") }
            hosts.append(host)
        }
        guard !hosts.isEmpty else { throw EntryError(why: "hosts is missing or empty") }
        var listen: [ListenArgument] = []
        for text in try strings(table, "listen") {
            guard let address = ListenArgument(argument: text) else {
                throw EntryError(why: "listen: write \"\(text)\" as HOST:PORT")
            }
            listen.append(address)
        }
        let isDefault = try flag(table, "default")
        let takesPushes = try flag(table, "push")
        guard isDefault || !takesPushes else {
            throw EntryError(
                why: "push = true is for the registry with default = true: others are pushed to by their names")
        }
        return MirroredRegistry(
            hosts: hosts, url: try upstream(url), name: try prefix(name), isDefault: isDefault,
            takesUnnamedWrites: takesPushes, listen: listen, credentials: try string(table, "credentials"))
    }

    private static func string(_ table: TOMLTables.Table, _ key: String) throws(EntryError) -> String? {
        switch table.values[key] {
        case nil: return nil
        case .string(let text): return text
        default: throw EntryError(why: "\(key) is not a string")
        }
    }

    private static func flag(_ table: TOMLTables.Table, _ key: String) throws(EntryError) -> Bool {
        switch table.values[key] {
        case nil: return false
        case .boolean(let flag): return flag
        default: throw EntryError(why: "\(key) is neither true nor false")
        }
    }

    private static func upstream(_ text: String) throws(EntryError) -> UpstreamURL {
        do { return try UpstreamURL(text) } catch { throw EntryError(why: error.message) }
    }

    private static func prefix(_ text: String) throws(EntryError) -> Name {
        guard let name = try? Name(uri: text), name.count > 0 else {
            throw EntryError(why: "name: \"\(text)\" is not an NDN name, such as /example/docker")
        }
        return name
    }

    private static func strings(_ table: TOMLTables.Table, _ key: String) throws(EntryError) -> [String] {
        switch table.values[key] {
        case nil: return []
        case .strings(let strings): return strings
        default: throw EntryError(why: "\(key) is not a list of strings")
        }
    }

    private static func contents(of path: String) throws -> String {
        let octets: ByteBuffer
        do {
            octets = try InputFile.read(path)
        } catch {
            throw ValidationError("--mirrors \(error)")
        }
        guard let text = String(validating: octets.readableBytesView, as: UTF8.self) else {
            throw ValidationError("--mirrors \(path): the file is not text in UTF-8")
        }
        return text
    }
}
