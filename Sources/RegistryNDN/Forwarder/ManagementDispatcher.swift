internal import NDN
internal import NIOCore

/// The forwarder's end of the NFD management protocol (docs/protocol.md 8): what the name of an Interest asks for, the Data that
/// answer commands, and the datasets that were given out lately. As ndn-cxx's Dispatcher, it knows nothing of the tables.
struct ManagementDispatcher {
    /// Payload octets of a dataset's segment; NFD's.
    private static let segmentSize = 8000
    /// FreshnessPeriod of all answers.
    private static let freshness: UInt64 = 1000
    /// Datasets whose further segments can still be fetched.
    private static let remembered = 8

    private static let prefix = ManagementScope.localhost.prefix
    /// Below it others, and whoever comes over UDP, give their commands.
    static let remotePrefix = ManagementScope.localhop.prefix
    private let prefixLength = ManagementDispatcher.prefix.count
    private var datasets: [(name: Name, segments: [ByteBuffer])] = []
    private var lastVersion: UInt64 = 0
    let startTime = WallClock.milliseconds()
    /// The owner of the faces' sockets.
    var faces = FaceMaking()

    /// Whether a name under /localhost is for the forwarder itself.
    func isMeant(_ name: Name) -> Bool { Self.prefix.isPrefix(of: name) }

    /// Module and verb, as `rib/register`, and what follows them.
    func request(_ name: Name) -> (verb: String, argument: NameComponent?)? {
        let components = name.components.dropFirst(prefixLength)
        guard components.count >= 2 else { return nil }
        let verb = components.prefix(2).map { String(buffer: $0.value) }.joined(separator: "/")
        return (verb, components.dropFirst(2).first)
    }

    /// The Data that answers a command: the same name, a ControlResponse inside.
    func reply(_ response: ControlResponse, to name: Name) -> ByteBuffer? {
        var data = DataBuilder(name: name, content: response.encode())
        data.freshnessMilliseconds = Self.freshness
        return try? data.encode(signer: .digest)
    }

    /// A dataset's first segment; the others can be fetched by name for a while. Only a CanBePrefix Interest finds it, as its
    /// name has a version (docs/protocol.md 8.6).
    mutating func publish(under name: Name, _ write: (inout ByteBuffer) -> Void) -> ByteBuffer? {
        var rest = ByteBuffer()
        write(&rest)
        lastVersion = max(lastVersion &+ 1, WallClock.milliseconds())
        let versioned = name.appending(.version(lastVersion)).owned()
        var parts: [ByteBuffer] = []
        repeat {
            parts.append(rest.readSlice(length: min(Self.segmentSize, rest.readableBytes)) ?? ByteBuffer())
        } while rest.readableBytes > 0
        let segments = parts.enumerated().compactMap { index, part in
            var data = DataBuilder(name: versioned.appending(.segment(UInt64(index))), content: part)
            data.freshnessMilliseconds = Self.freshness
            data.finalBlock = index == parts.count - 1 ? .segment(UInt64(index)) : nil
            return try? data.encode(signer: .digest)
        }
        datasets.append((versioned, segments))
        if datasets.count > Self.remembered { datasets.removeFirst() }
        return segments.first
    }

    /// A segment of a dataset given out before.
    func segment(_ name: Name) -> ByteBuffer? {
        guard let (versioned, number) = name.splitSegment(),
            let dataset = datasets.last(where: { $0.name == versioned }),
            number < UInt64(dataset.segments.count)
        else { return nil }
        return dataset.segments[Int(number)]
    }
}
