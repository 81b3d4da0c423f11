/// Docker's daemon.json as text: addresses are put into its lists, and all else stays as somebody wrote it.
struct DaemonSettings {
    static let mirrors = "registry-mirrors"
    static let insecure = "insecure-registries"

    private(set) var text: String

    /// - Parameter text: nil where there is no file.
    init(_ text: String?) { self.text = text ?? "" }

    /// What a list of addresses holds; empty without the list.
    func list(_ key: String) throws(JSONOutline.Failure) -> [String] {
        guard !isBlank, let member = try outline().members.first(where: { $0.key == key }) else { return [] }
        return try Self.texts(of: member, Array(text.utf8))
    }

    /// Puts an address first in a list, unless it stands there already; the list is made where there is none.
    mutating func put(_ address: String, into key: String) throws(JSONOutline.Failure) {
        guard !(try list(key)).contains(where: { Self.isSame($0, address) }) else { return }
        guard !isBlank else {
            text = "{\n  \"\(key)\": [\"\(address)\"]\n}\n"
            return
        }
        let outline = try outline()
        guard let member = outline.members.first(where: { $0.key == key }) else {
            return add("\"\(key)\": [\"\(address)\"]", to: outline)
        }
        guard let first = member.elements?.first else { return replace(member.value, "[\"\(address)\"]") }
        let gap = String(
            decoding: Array(text.utf8)[(member.value.lowerBound + 1)..<first.place.lowerBound], as: UTF8.self)
        replace(first.place.lowerBound..<first.place.lowerBound, "\"\(address)\",\(gap.isEmpty ? " " : gap)")
    }

    /// A text that was changed since `written` was made of `former`, without what that put into its lists.
    ///
    /// - Returns: nil where nothing is left of a file that was not there before.
    static func remainder(
        of now: String, written: String, former: String?
    ) throws(JSONOutline.Failure) -> String? {
        var rest = DaemonSettings(now)
        for key in [mirrors, insecure] {
            let had = try DaemonSettings(former).list(key)
            let ours = try DaemonSettings(written).list(key).filter { one in !had.contains { isSame($0, one) } }
            for address in ours { try rest.take(address, outOf: key, keepsList: !had.isEmpty) }
        }
        guard former == nil, !rest.isBlank, try rest.outline().members.isEmpty else { return rest.text }
        return nil
    }

    /// Takes an address out of a list; the list as well, when nothing else is in it, unless it is to be kept.
    private mutating func take(
        _ address: String, outOf key: String, keepsList: Bool
    ) throws(JSONOutline.Failure) {
        guard try list(key).contains(where: { Self.isSame($0, address) }) else { return }
        let outline = try outline()
        guard let index = outline.members.firstIndex(where: { $0.key == key }),
            let elements = outline.members[index].elements,
            let place = elements.firstIndex(where: { $0.text.map { Self.isSame($0, address) } ?? false })
        else { return }
        guard elements.count == 1, !keepsList else {
            return replace(Self.withComma(place, of: elements.map(\.place)), "")
        }
        let members = outline.members.map { $0.start..<$0.value.upperBound }
        guard members.count > 1 else { return replace(outline.object, "{}") }
        replace(Self.withComma(index, of: members), "")
    }

    /// One of several places with the comma that goes with it.
    private static func withComma(_ index: Int, of places: [Range<Int>]) -> Range<Int> {
        if index + 1 < places.count { return places[index].lowerBound..<places[index + 1].lowerBound }
        return (index > 0 ? places[index - 1].upperBound : places[index].lowerBound)..<places[index].upperBound
    }

    /// Whether Docker takes a change over when it reloads its settings. What a file no longer has it keeps until it is started
    /// anew; so 20.10 does.
    static func isReloadEnough(from before: String?, to after: String?) -> Bool {
        [mirrors, insecure].allSatisfy { key in
            let had = (try? DaemonSettings(before).list(key)) ?? []
            let has = (try? DaemonSettings(after).list(key)) ?? []
            return had.isEmpty || !has.isEmpty
        }
    }

    /// Docker puts a slash at the end of what has none.
    static func isSame(_ one: String, _ other: String) -> Bool {
        func plain(_ text: String) -> Substring { text.hasSuffix("/") ? text.dropLast() : text[...] }
        return plain(one) == plain(other)
    }

    private var isBlank: Bool { text.utf8.allSatisfy { " \t\r\n".utf8.contains($0) } }

    private func outline() throws(JSONOutline.Failure) -> JSONOutline { try JSONOutline(Array(text.utf8)) }

    private static func texts(of member: JSONOutline.Member, _ octets: [UInt8]) throws(JSONOutline.Failure) -> [String]
    {
        let texts = member.elements?.compactMap(\.text) ?? []
        guard let elements = member.elements, texts.count == elements.count else {
            let before = octets[..<member.value.lowerBound]
            let begin = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            throw JSONOutline.Failure(
                line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: before.count - begin + 1,
                why: "\"\(member.key)\" is no list of strings")
        }
        return texts
    }

    /// A member after the last one, in the manner of the first.
    private mutating func add(_ member: String, to outline: JSONOutline) {
        let octets = Array(text.utf8)
        guard let first = outline.members.first, let last = outline.members.last else {
            return replace(outline.object, "{\n  \(member)\n}")
        }
        let gap = String(decoding: octets[(outline.object.lowerBound + 1)..<first.start], as: UTF8.self)
        let isOnOneLine = !gap.utf8.contains(UInt8(ascii: "\n"))
        replace(last.value.upperBound..<last.value.upperBound, ",\(isOnOneLine ? " " : gap)\(member)")
    }

    private mutating func replace(_ place: Range<Int>, _ other: String) {
        var octets = Array(text.utf8)
        octets.replaceSubrange(place, with: other.utf8)
        text = String(decoding: octets, as: UTF8.self)
    }
}
