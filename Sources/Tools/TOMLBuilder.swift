/// Puts the lines of a TOML text together to tables, by TOML's rules about what may be defined again: nothing.
struct TOMLBuilder {
    /// What made a table, which says what may be added to it.
    private enum Origin {
        /// The name of a table below it: its own header may follow.
        case implied
        case header
        /// A dotted key: others of its section may add to it.
        case dotted
        /// `{…}`, to which nothing is added.
        case inline
    }

    private enum Content {
        case item(TOMLDocument.Item)
        case table(Int)
        case tables([Int])
    }

    private struct Node {
        let place: TextPlace
        var origin: Origin
        var order: [TOMLReader.Key] = []
        var contents: [String: Content] = [:]
        /// Where a key first stood.
        var places: [String: TextPlace] = [:]
    }

    private var nodes = [Node(place: TextPlace(), origin: .header)]
    /// The table whose keys follow.
    private var section = 0

    /// A header: the keys that follow are this table's.
    mutating func open(_ path: [TOMLReader.Key], isArray: Bool) throws(TOMLDocument.Failure) {
        var node = 0
        for key in path.dropLast() { node = try step(from: node, over: key, making: .implied) }
        guard let last = path.last else { return }
        switch nodes[node].contents[last.name] {
        case nil:
            section = add(to: node, last, origin: .header, isArray: isArray)
        case .table(let index) where !isArray && nodes[index].origin == .implied:
            nodes[index].origin = .header
            section = index
        case .tables(let indices) where isArray:
            nodes.append(Node(place: last.place, origin: .header))
            section = nodes.count - 1
            nodes[node].contents[last.name] = .tables(indices + [section])
        default:
            throw twice(last, in: node)
        }
    }

    /// A key of the current table, and its value.
    mutating func set(_ path: [TOMLReader.Key], _ value: TOMLReader.Written) throws(TOMLDocument.Failure) {
        try set(path, value, in: section)
    }

    private mutating func set(
        _ path: [TOMLReader.Key], _ value: TOMLReader.Written, in table: Int
    ) throws(TOMLDocument.Failure) {
        var node = table
        for key in path.dropLast() { node = try step(from: node, over: key, making: .dotted) }
        guard let last = path.last else { return }
        guard nodes[node].contents[last.name] == nil else { throw twice(last, in: node) }
        note(last, in: node)
        if case .table(let pairs) = value.value {
            let table = try inline(pairs, value.place)
            nodes[node].contents[last.name] = .table(table)
        } else {
            let item = try item(value)
            nodes[node].contents[last.name] = .item(item)
        }
    }

    /// The table below `node` that a key names, which is made where there is none.
    private mutating func step(
        from node: Int, over key: TOMLReader.Key, making origin: Origin
    ) throws(TOMLDocument.Failure) -> Int {
        switch nodes[node].contents[key.name] {
        case nil: return add(to: node, key, origin: origin, isArray: false)
        case .table(let index):
            // A header leads past any table but an inline one; a dotted key adds to no table that a header has defined.
            let isOpen =
                origin == .implied ? nodes[index].origin != .inline : [.dotted, .implied].contains(nodes[index].origin)
            guard isOpen else { throw twice(key, in: node) }
            if origin == .dotted { nodes[index].origin = .dotted }
            return index
        case .tables(let indices) where origin == .implied:
            return indices[indices.count - 1]
        default: throw twice(key, in: node)
        }
    }

    private mutating func add(to node: Int, _ key: TOMLReader.Key, origin: Origin, isArray: Bool) -> Int {
        nodes.append(Node(place: key.place, origin: origin))
        let index = nodes.count - 1
        note(key, in: node)
        nodes[node].contents[key.name] = isArray ? .tables([index]) : .table(index)
        return index
    }

    private mutating func note(_ key: TOMLReader.Key, in node: Int) {
        nodes[node].order.append(key)
        nodes[node].places[key.name] = key.place
    }

    private func twice(_ key: TOMLReader.Key, in node: Int) -> TOMLDocument.Failure {
        let first = nodes[node].places[key.name].map { ", first in line \($0.line)" } ?? ""
        return TOMLDocument.Failure(place: key.place, why: "\(key.name) is given twice\(first): keep one of them")
    }

    // MARK: Values

    private mutating func inline(
        _ pairs: [(path: [TOMLReader.Key], value: TOMLReader.Written)], _ place: TextPlace
    ) throws(TOMLDocument.Failure) -> Int {
        nodes.append(Node(place: place, origin: .inline))
        let (index, first) = (nodes.count - 1, nodes.count)
        for pair in pairs { try set(pair.path, pair.value, in: index) }
        // Those of its dotted keys, too.
        for node in first..<nodes.count { nodes[node].origin = .inline }
        return index
    }

    private mutating func item(_ written: TOMLReader.Written) throws(TOMLDocument.Failure) -> TOMLDocument.Item {
        let value: TOMLDocument.Value
        switch written.value {
        case .plain(let plain): value = plain
        case .array(let values):
            var items: [TOMLDocument.Item] = []
            for value in values { items.append(try item(value)) }
            value = .array(items)
        case .table(let pairs):
            let index = try inline(pairs, written.place)
            value = .table(table(index))
        }
        return TOMLDocument.Item(place: written.place, value: value)
    }

    // MARK: The outcome

    var document: TOMLDocument.Table { table(0) }

    private func table(_ index: Int) -> TOMLDocument.Table {
        let node = nodes[index]
        let entries = node.order.compactMap { key -> TOMLDocument.Entry? in
            let item: TOMLDocument.Item
            switch node.contents[key.name] {
            case nil: return nil
            case .item(let known): item = known
            case .table(let index):
                let table = table(index)
                item = TOMLDocument.Item(place: table.place, value: .table(table))
            case .tables(let indices):
                item = TOMLDocument.Item(place: key.place, value: .tables(indices.map { table($0) }))
            }
            return TOMLDocument.Entry(key: key.name, place: key.place, item: item)
        }
        return TOMLDocument.Table(place: node.place, entries: entries)
    }
}
