import Logging
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Notices that this machine cannot put IP fragments together: a router that sends datagrams larger than the path takes (NFD,
/// with its `unicast_mtu` of 8800) fills the kernel's memory for incomplete ones at a few per cent of loss, and then nothing
/// arrives any more. Only the kernel's counters tell.
struct ReassemblyWatch {
    /// Datagrams lost between two looks from which on the log says so.
    static let threshold: UInt64 = 20
    private static let hasSaid = Atomic<Bool>(false)

    private var last: UInt64?

    /// Takes the counters; returns how many datagrams were lost since the last time, if they are many.
    mutating func take(_ failures: UInt64?) -> UInt64? {
        guard let failures else { return nil }
        let before = last ?? failures
        last = failures
        let more = failures &- before
        return failures > before && more >= Self.threshold ? more : nil
    }

    /// Looks, and says once in this process what is wrong.
    mutating func look(_ logger: Logger) {
        guard !Self.hasSaid.load(ordering: .relaxed), let lost = take(Self.failures()),
            Self.hasSaid.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
        else { return }
        logger.warning(
            "datagrams arrive in IP fragments and cannot be put together; set face_system.udp.unicast_mtu 1400 in the router's nfd.conf, or \(Setting.mtu) 1400 at the other end",
            metadata: ["lost": "\(lost)"])
    }

    /// Datagrams of IPv4 and IPv6 that were lost so since the machine started; nil where the system does not tell.
    private static func failures() -> UInt64? {
        let counts = [
            contents(of: "/proc/net/snmp").flatMap { failures(ofIPv4: $0) },
            contents(of: "/proc/net/snmp6").flatMap { failures(ofIPv6: $0) },
        ].compactMap(\.self)
        return counts.isEmpty ? nil : counts.reduce(0, &+)
    }

    /// `ReasmFails` of /proc/net/snmp: a line of names that begins with `Ip:`, and one of numbers.
    static func failures(ofIPv4 text: String) -> UInt64? {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("Ip:") }.map { $0.split(separator: " ") }
        guard lines.count == 2, let place = lines[0].firstIndex(of: "ReasmFails"), place < lines[1].count else {
            return nil
        }
        return UInt64(lines[1][place])
    }

    /// `Ip6ReasmFails` of /proc/net/snmp6: a name and a number a line.
    static func failures(ofIPv6 text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count == 2, words[0] == "Ip6ReasmFails" { return UInt64(words[1]) }
        }
        return nil
    }

    /// A file of /proc, which the kernel writes from memory: it does not block.
    private static func contents(of path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { SystemSocket.shut(descriptor) }
        return (try? SmallFile.octets(of: descriptor)).map { String(buffer: $0) }
    }
}
