import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The memory that this process can have: what its control group leaves it (cgroups(7)), or all that the machine has. What is
/// over it is not refused, the process is killed.
struct MemoryLimit {
    /// Octets.
    let octets: Int
    /// Whether the machine has no more; else a control group gives no more.
    let isMachine: Bool

    /// That of this process; nil where nobody tells.
    static func ofProcess() -> MemoryLimit? {
        let machine = sysconf(CInt(_SC_PHYS_PAGES)).multipliedReportingOverflow(by: sysconf(CInt(_SC_PAGESIZE)))
        let groups = read("/proc/self/cgroup") ?? ""
        let mounts = read("/proc/self/mountinfo") ?? ""
        return MemoryLimit(
            smallestOf: files(groups: groups, mounts: mounts).compactMap(read),
            machine: machine.overflow || machine.partialValue <= 0 ? nil : machine.partialValue)
    }

    /// - Parameters:
    ///   - limits: contents of the files that limits of control groups stand in, of which the smallest counts.
    ///   - machine: octets of the machine's memory, unless nobody tells.
    init?(smallestOf limits: [String], machine: Int? = nil) {
        // Version 1 writes the largest number of pages for no limit, version 2 "max".
        let numbers = limits.compactMap { Int($0.trimmed) }.filter { $0 > 0 && $0 < 1 << 60 }
        guard let smallest = (numbers + [machine].compactMap { $0 }).min() else { return nil }
        octets = smallest
        isMachine = smallest == machine
    }

    /// Whether so much, beside what else the program needs, is likely to get it killed.
    func isExceeded(by size: Int) -> Bool { size > octets / 4 * 3 }

    /// A cache's size: what is wanted, or what the limit leaves beside the program, of which half is for everything else.
    func cacheSize(atMost wanted: Int) -> Int {
        min(wanted, max(4 << 20, octets / 2 - 16 << 20))
    }

    /// Pending Interests of a forwarder: 65,536 of them take some 30 MB.
    var pendingInterests: Int { min(65_536, max(1024, octets / 4096)) }

    /// A cache's size: as asked for, else `otherwise`, or what the limit leaves of it. Says which, and why.
    static func cacheSize(_ asked: Int?, otherwise: Int, logger: Logger) -> Int {
        let limit = ofProcess()
        let size = asked ?? limit?.cacheSize(atMost: otherwise) ?? otherwise
        if !warns("--cache-size", size, limit, logger) {
            logger.info("room for the cache", metadata: metadata(size, limit))
        }
        return size
    }

    /// Warns when an option takes more memory than there is beside what else needs some.
    ///
    /// - Parameter size: Octets.
    @discardableResult
    static func warns(_ option: String, _ size: Int, _ limit: MemoryLimit?, _ logger: Logger) -> Bool {
        guard let limit, limit.isExceeded(by: size) else { return false }
        logger.warning(
            "\(option) is more than three quarters of the memory that \(limit.isMachine ? "this machine has" : "the control group allows"), and the program may be killed for it: give a smaller one",
            metadata: metadata(size, limit))
        return true
    }

    private static func metadata(_ size: Int, _ limit: MemoryLimit?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["size": "\(ByteSizeArgument(octets: size))"]
        if let limit {
            let memory = ProgressBar.size(Double(limit.octets))
            metadata[limit.isMachine ? "memory" : "memory_limit"] = "\(memory)"
        }
        return metadata
    }

    /// The files that may hold a limit, of the process's own group and of each above it.
    ///
    /// - Parameters:
    ///   - groups: `/proc/self/cgroup`.
    ///   - mounts: `/proc/self/mountinfo`.
    static func files(groups: String, mounts: String) -> [String] {
        let mounts = mounts.split(separator: "\n").compactMap(Mount.init)
        return groups.split(separator: "\n").flatMap { line -> [String] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            let isUnified = fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("memory"),
                let mount = mounts.first(where: { isUnified ? $0.isUnified : $0.hasMemory })
            else { return [] }
            let names = isUnified ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"]
            return mount.folders(of: fields[2]).flatMap { folder in names.map { "\(folder)/\($0)" } }
        }
    }

    /// Where a hierarchy of groups is mounted.
    private struct Mount {
        /// The group that is mounted there, and the folder.
        let root: Substring
        let point: Substring
        let isUnified: Bool
        let hasMemory: Bool

        /// From a line of mountinfo (proc(5)): two numbers, a device, the root, the folder, options, and after a dash the
        /// file system's type, its source and its own options. Nil for another file system.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { return nil }
            (root, point) = (fields[3], fields[4])
            isUnified = fields[dash + 1] == "cgroup2"
            hasMemory = fields[dash + 1] == "cgroup" && fields[dash + 3].split(separator: ",").contains("memory")
            guard isUnified || hasMemory else { return nil }
        }

        /// The folder of a group and those above it; the mounted one alone when the group lies elsewhere, as it seems to from
        /// within a container.
        func folders(of group: Substring) -> [String] {
            var steps = group.split(separator: "/")
            let above = root.split(separator: "/")
            guard steps.starts(with: above), !steps.contains("..") else { return [String(point)] }
            steps.removeFirst(above.count)
            return (0...steps.count).map { count in
                ([point] + steps.prefix(steps.count - count)).joined(separator: "/")
            }
        }
    }

    private static func read(_ path: String) -> String? {
        guard let file = unsafe fopen(path, "re") else { return nil }
        defer { unsafe fclose(file) }
        var octets = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe fread(&octets, 1, octets.count, file)
        return String(decoding: octets[..<count], as: UTF8.self)
    }
}

extension String {
    /// Without white space around it.
    fileprivate var trimmed: Substring {
        let isInk = { (character: Character) in !character.isWhitespace }
        guard let first = firstIndex(where: isInk), let last = lastIndex(where: isInk) else { return "" }
        return self[first...last]
    }
}
