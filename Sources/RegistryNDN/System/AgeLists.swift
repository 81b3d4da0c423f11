/// Lists of small indices in the order in which they were added, linked through one array: adding, and removing from
/// anywhere, cost no allocation. An index is in one list at most.
package struct AgeLists {
    private struct Link {
        var list: Int32 = none
        var older: Int32 = none
        var newer: Int32 = none
    }

    private struct Ends {
        var oldest: Int32 = none
        var newest: Int32 = none
    }

    private static let none: Int32 = -1
    private var links: ContiguousArray<Link> = []
    private var ends: ContiguousArray<Ends> = []

    package init() {}

    /// The index that has been in a list for longest.
    package func oldest(of list: Int) -> Int? {
        guard list < ends.count, ends[list].oldest != Self.none else { return nil }
        return Int(ends[list].oldest)
    }

    /// Adds an index that is in no list.
    package mutating func append(_ index: Int, to list: Int) {
        if list >= ends.count { ends.append(contentsOf: repeatElement(Ends(), count: list + 1 - ends.count)) }
        if index >= links.count { links.append(contentsOf: repeatElement(Link(), count: index + 1 - links.count)) }
        let last = ends[list].newest
        links[index] = Link(list: Int32(list), older: last, newer: Self.none)
        if last == Self.none { ends[list].oldest = Int32(index) } else { links[Int(last)].newer = Int32(index) }
        ends[list].newest = Int32(index)
    }

    package mutating func remove(_ index: Int) {
        guard index < links.count, links[index].list != Self.none else { return }
        let link = links[index]
        let list = Int(link.list)
        if link.older == Self.none { ends[list].oldest = link.newer } else { links[Int(link.older)].newer = link.newer }
        if link.newer == Self.none { ends[list].newest = link.older } else { links[Int(link.newer)].older = link.older }
        links[index] = Link()
    }
}
