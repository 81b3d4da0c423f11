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

    private typealias Failure = TOMLDocument.Failure

    /// Reads the file at `path`; every error says which file, and where in it.
    static func read(_ path: String) throws -> [MirroredRegistry] {
        let text = try contents(of: path)
        do throws(TOMLDocument.Failure) {
            return try registries(in: TOMLDocument(text).root)
        } catch {
            throw ValidationError("--mirrors \(path):\(error)")
        }
    }

    /// The registries of a file of this content.
    static func registries(in root: TOMLDocument.Table) throws(TOMLDocument.Failure) -> [MirroredRegistry] {
        var registries: [MirroredRegistry] = []
        for entry in root.entries {
            guard case .tables(let tables) = entry.item.value, entry.key == "registry" else {
                throw Failure(place: entry.place, why: "only [[registry]] is known here, and not \(entry.key)")
            }
            for table in tables { registries.append(try registry(table)) }
        }
        guard !registries.isEmpty else { throw Failure(place: TextPlace(), why: "no [[registry]]") }
        return registries
    }

    private static func registry(_ table: TOMLDocument.Table) throws(Failure) -> MirroredRegistry {
        if let entry = table.entries.first(where: { !keys.contains($0.key) }) {
            let near = NearestName.nearest(to: entry.key, among: keys.sorted())
            let hint = near.map { "did you mean \($0)?" } ?? "known are \(keys.sorted().joined(separator: ", "))"
            throw Failure(place: entry.place, why: "\(entry.key) is not known; \(hint)")
        }
        let hosts = try strings(table, "hosts").map { item throws(Failure) in
            guard let host = RegistryHost(item.text) else {
                throw Failure(place: item.place, why: "hosts: \"\(item.text)\" is not a host")
            }
            return host
        }
        let url = try string(table, "url")
        let name = try string(table, "name")
        guard let url else { throw Failure(place: table.place, why: "url is missing") }
        guard let name else { throw Failure(place: table.place, why: "name is missing") }
        guard !hosts.isEmpty else { throw Failure(place: table.place, why: "hosts is missing or empty") }
        let listen = try strings(table, "listen").map { item throws(Failure) in
            guard let address = ListenArgument(argument: item.text) else {
                throw Failure(place: item.place, why: "listen: write \"\(item.text)\" as HOST:PORT")
            }
            return address
        }
        let isDefault = try flag(table, "default")
        let takesPushes = try flag(table, "push")
        guard isDefault || !takesPushes else {
            throw Failure(
                place: table["push"]?.place ?? table.place,
                why: "push = true is for the registry with default = true: others are pushed to by their names")
        }
        return MirroredRegistry(
            hosts: hosts, url: try upstream(url), name: try prefix(name), isDefault: isDefault,
            takesUnnamedWrites: takesPushes, listen: listen, credentials: try string(table, "credentials")?.text)
    }

    private struct Text {
        let place: TextPlace
        let text: String
    }

    private static func string(_ table: TOMLDocument.Table, _ key: String) throws(Failure) -> Text? {
        guard let item = table[key]?.item else { return nil }
        guard case .string(let text) = item.value else {
            throw Failure(place: item.place, why: "\(key) is a \"string\", and this is \(item.value.kind)")
        }
        return Text(place: item.place, text: text)
    }

    private static func flag(_ table: TOMLDocument.Table, _ key: String) throws(Failure) -> Bool {
        guard let item = table[key]?.item else { return false }
        guard case .boolean(let flag) = item.value else {
            throw Failure(place: item.place, why: "\(key) is neither true nor false")
        }
        return flag
    }

    private static func strings(_ table: TOMLDocument.Table, _ key: String) throws(Failure) -> [Text] {
        guard let item = table[key]?.item else { return [] }
        guard case .array(let items) = item.value else {
            throw Failure(place: item.place, why: "\(key) is not a list of strings")
        }
        return try items.map { item throws(Failure) in
            guard case .string(let text) = item.value else {
                throw Failure(place: item.place, why: "\(key) is a list of strings, and this is \(item.value.kind)")
            }
            return Text(place: item.place, text: text)
        }
    }

    private static func upstream(_ text: Text) throws(Failure) -> UpstreamURL {
        do { return try UpstreamURL(text.text) } catch { throw Failure(place: text.place, why: error.message) }
    }

    private static func prefix(_ text: Text) throws(Failure) -> Name {
        guard let name = try? Name(uri: text.text), name.count > 0 else {
            throw Failure(
                place: text.place, why: "name: \"\(text.text)\" is not an NDN name, such as /example/docker")
        }
        return name
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
