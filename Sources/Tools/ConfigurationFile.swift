import ArgumentParser
import NIOCore

/// The configuration file: options of one program, or of several, each below a table of its name.
///
///     [client]
///     upstream = "https://registry.example"
///     name = "/example/docker"
///     listen = ["127.0.0.1:5000", "[::1]:5000"]
///     retx = 5
///     push-default = true
struct ConfigurationFile {
    struct Program {
        let name: String
        let options: [CommandDescription.Option]
    }

    /// What it gives the program that reads it.
    let given: [GivenOption]

    /// - Parameter option: what named the file, an option or a variable.
    /// - Throws: `ValidationError` that says what is wrong with the file and, within it, where.
    init(reading path: String, named option: String, for program: String, _ programs: [Program]) throws {
        let octets: ByteBuffer
        do { octets = try InputFile.read(path) } catch {
            throw ValidationError("\(option) \(error)")
        }
        guard let text = String(validating: octets.readableBytesView, as: UTF8.self) else {
            throw ValidationError("\(option) \(path): the file is not text in UTF-8")
        }
        do throws(TOMLDocument.Failure) {
            given = try Self.given(try TOMLDocument(text), path, program, programs)
        } catch {
            throw ValidationError("\(path):\(error)")
        }
    }

    /// The options of `program` in a file of this text.
    static func given(
        _ document: TOMLDocument, _ path: String, _ program: String, _ programs: [Program]
    ) throws(TOMLDocument.Failure) -> [GivenOption] {
        let tables = document.root.entries.filter { entry in programs.contains { $0.name == entry.key } }
        guard !tables.isEmpty else {
            guard let called = programs.first(where: { $0.name == program }) else { return [] }
            return try options(document.root, path, called, programs)
        }
        if let stray = document.root.entries.first(where: { entry in !tables.contains(entry) }) {
            throw failure(at: stray.place, whyStray(stray, programs))
        }
        var given: [GivenOption] = []
        for entry in tables {
            guard let owner = programs.first(where: { $0.name == entry.key }) else { continue }
            guard case .table(let table) = entry.item.value else {
                throw failure(at: entry.place, "\(entry.key) is a program: write its options below [\(entry.key)]")
            }
            // What the file says to others is looked at, too: it would be found out only when they start.
            let options = try options(table, path, owner, programs)
            if owner.name == program { given = options }
        }
        return given
    }

    private static func failure(at place: TextPlace, _ why: String) -> TOMLDocument.Failure {
        TOMLDocument.Failure(place: place, why: why)
    }

    private static func options(
        _ table: TOMLDocument.Table, _ path: String, _ program: Program, _ programs: [Program]
    ) throws(TOMLDocument.Failure) -> [GivenOption] {
        var given: [GivenOption] = []
        for entry in table.entries {
            guard let option = program.options.first(where: { $0.name == entry.key }), mayStandHere(entry.key) else {
                throw failure(at: entry.place, whyUnknown(entry, program, programs))
            }
            let items = items(of: entry.item, option)
            let content: GivenOption.Content
            if option.takesValue {
                var values: [String] = []
                for item in items { values.append(try value(of: item, option)) }
                content = .values(values)
            } else {
                content = .isOn(try isOn(entry.item, option))
            }
            given.append(
                GivenOption(
                    option: option, source: .file(path, entry.place), content: content, places: items.map(\.place)))
        }
        return given
    }

    private static func mayStandHere(_ key: String) -> Bool {
        key != ConfigurationOptions.file && key != ConfigurationOptions.printing
    }

    // MARK: Values

    /// One of a repeatable option may stand without brackets.
    private static func items(of item: TOMLDocument.Item, _ option: CommandDescription.Option) -> [TOMLDocument.Item] {
        guard option.isRepeating, case .array(let items) = item.value else { return [item] }
        return items
    }

    private static func isOn(
        _ item: TOMLDocument.Item, _ option: CommandDescription.Option
    ) throws(TOMLDocument.Failure) -> Bool {
        guard case .boolean(let isOn) = item.value else {
            throw failure(at: item.place, "\(option.name) is a switch, not \(item.value.kind): write true or false")
        }
        return isOn
    }

    /// As it would stand on the command line.
    private static func value(
        of item: TOMLDocument.Item, _ option: CommandDescription.Option
    ) throws(TOMLDocument.Failure) -> String {
        switch item.value {
        case .string(let text): return text
        case .integer(_, let text) where text.dropFirst().first?.isLetter ?? false:
            throw failure(
                at: item.place, "\(option.name): write the number with decimal digits, as on the command line")
        case .integer(_, let text), .float(_, let text): return text
        case .array where !option.isRepeating:
            throw failure(at: item.place, "\(option.name) takes one value, not a list: write one \"string\" or number")
        case .boolean, .array, .table, .tables:
            throw failure(
                at: item.place, "\(option.name) takes a \"string\" or a number, not \(item.value.kind)")
        }
    }

    // MARK: Unknown keys

    private static func whyUnknown(_ entry: TOMLDocument.Entry, _ program: Program, _ programs: [Program]) -> String {
        let key = entry.key
        guard mayStandHere(key) else { return "\(key) has no place in the file itself: leave it out" }
        if case .tables = entry.item.value, key == "registry" {
            return "[[registry]] belongs into the file of --mirrors: name that with mirrors = \"FILE\""
        }
        if case .table = entry.item.value {
            let near = NearestName.nearest(to: key, among: programs.map(\.name)).map { "; did you mean [\($0)]?" }
            return "no program is called \(key)" + (near ?? ": write \(list(programs))")
        }
        let names = program.options.map(\.name).filter(mayStandHere)
        let others = programs.filter { other in other.options.contains { $0.name == key } }
        if let other = others.first {
            return "\(key) is no option of \(program.name), but of \(other.name): put it below [\(other.name)]"
        }
        if let near = NearestName.nearest(to: key, among: names) {
            return "\(program.name) has no option \(key); did you mean \(near)?"
        }
        return "\(program.name) has no option \(key); registry-ndn \(program.name) --help lists those that it has"
    }

    private static func whyStray(_ entry: TOMLDocument.Entry, _ programs: [Program]) -> String {
        if case .table = entry.item.value {
            let near = NearestName.nearest(to: entry.key, among: programs.map(\.name))
            return "no program is called \(entry.key)"
                + (near.map { "; did you mean [\($0)]?" } ?? ": known are \(list(programs))")
        }
        return "\(entry.key) stands below no program, and others have tables: put it below \(list(programs))"
    }

    private static func list(_ programs: [Program]) -> String {
        let names = programs.map { "[\($0.name)]" }
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
}
