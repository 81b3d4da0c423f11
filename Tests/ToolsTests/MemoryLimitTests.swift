import Testing

@testable import registry_ndn

@Suite("The memory that there is")
struct MemoryLimitTests {
    private static let unified = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
    private static let legacy = """
        22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
        32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:12 - cgroup cgroup rw,memory
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """

    @Test("stands in the files of the process's group and of all above it")
    func unifiedHierarchy() {
        let files = MemoryLimit.files(groups: "0::/system.slice/ndn.service\n", mounts: Self.unified)
        #expect(
            files.filter { $0.hasSuffix("memory.max") } == [
                "/sys/fs/cgroup/system.slice/ndn.service/memory.max", "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ])
        #expect(files.count == 6, "memory.high too")
    }

    @Test("stands elsewhere in version 1")
    func legacyHierarchy() {
        let files = MemoryLimit.files(
            groups: "5:devices:/\n4:cpu,memory:/docker/0a\n0::/docker/0a", mounts: Self.legacy)
        #expect(
            files.prefix(3) == [
                "/sys/fs/cgroup/memory/docker/0a/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ])
        #expect(files.count == 9)
    }

    @Test("is found from within a container", arguments: ["0::/", "0::/../../other", "0::/docker/0a"])
    func container(groups: String) {
        let mounts = "9 8 0:28 /docker/0a /sys/fs/cgroup ro - cgroup2 cgroup rw"
        #expect(MemoryLimit.files(groups: groups, mounts: mounts).first == "/sys/fs/cgroup/memory.max")
    }

    @Test("is not found in nonsense", arguments: ["", "x", "0::", "4:memory", "1 2 3 - cgroup2"])
    func nonsense(text: String) {
        #expect(MemoryLimit.files(groups: text, mounts: text).isEmpty)
        #expect(MemoryLimit.files(groups: text, mounts: Self.unified).count <= 2)
    }

    @Test("is the smallest one that is a number")
    func smallest() {
        #expect(MemoryLimit(smallestOf: ["max\n", "67108864\n", "134217728\n"])?.octets == 64 << 20)
        #expect(MemoryLimit(smallestOf: ["9223372036854771712\n", "max", "0", "-1", ""]) == nil)
    }

    @Test("is that of the machine where no group has a smaller one")
    func machine() throws {
        let machine = try #require(MemoryLimit(smallestOf: ["max", "0"], machine: 8 << 30))
        #expect(machine.octets == 8 << 30 && machine.isMachine)
        let group = try #require(MemoryLimit(smallestOf: ["67108864"], machine: 8 << 30))
        #expect(group.octets == 64 << 20 && !group.isMachine)
        let vast = try #require(MemoryLimit(smallestOf: ["17179869184"], machine: 8 << 30))
        #expect(vast.octets == 8 << 30 && vast.isMachine)
        #expect(machine.isExceeded(by: 10 << 40) && machine.isExceeded(by: 7 << 30) && !machine.isExceeded(by: 6 << 30))
        #expect(try #require(MemoryLimit.ofProcess()).octets > 1 << 20)
    }

    @Test("leaves a cache what it can, and the rest of the program at least as much")
    func caches() throws {
        func cache(_ limit: Int, _ wanted: Int) -> Int? {
            MemoryLimit(smallestOf: ["\(limit << 20)"])?.cacheSize(atMost: wanted << 20)
        }
        #expect(cache(64, 64) == 16 << 20)
        #expect(cache(16, 64) == 4 << 20)
        #expect(cache(256, 64) == 64 << 20)
        #expect(cache(1024, 512) == 496 << 20)
        #expect(cache(64, 2) == 2 << 20)
    }
}
