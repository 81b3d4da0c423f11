internal import NIOCore

/// Puts a status dataset together from its segments (docs/protocol.md 8.6): no socket, no clock.
///
/// The first Interest names the dataset without a version and finds whichever segment a cache has; then all segments of
/// that version are asked for by their exact names, several at a time, since a forwarder keeps them only for a second. Only the
/// last says how many there are, so that the last questions may be for segments that do not exist.
struct DatasetAssembly {
    /// Segments asked for at a time.
    private static let window: UInt64 = 8
    /// Far more than any routing table; a peer's numbers do not fill the memory.
    static let maximumSize = 64 << 20

    private let dataset: Name
    private var versioned: Name?
    private var segments: [UInt64: ByteBuffer] = [:]
    private var octets = 0
    private var nextAsked: UInt64 = 0
    private(set) var last: UInt64?

    init(dataset: Name) {
        self.dataset = dataset
    }

    /// The forwarder's clock when the dataset was made, milliseconds since 1970: NFD's version is that.
    var version: UInt64? {
        guard let component = versioned?.last, component.type == NameComponent.versionType else { return nil }
        return component.number
    }

    /// The whole content, once all segments are here.
    var content: ByteBuffer? {
        guard let last, UInt64(segments.count) == last &+ 1 else { return nil }
        var content = ByteBuffer()
        content.reserveCapacity(octets)
        for segment in 0...last {
            guard let part = segments[segment] else { return nil }
            content.writeImmutableBuffer(part)
        }
        return content
    }

    /// Takes a segment in.
    ///
    /// - Returns: the segments to ask for now.
    /// - Throws: `WireError.invalid` when it is no segment of this dataset, contradicts another or is too much.
    mutating func receive(_ data: DataPacket) throws(WireError) -> [Name] {
        guard data.contentType == ContentType.blob, let (prefix, number) = data.name.splitSegment(),
            dataset.isPrefix(of: prefix), versioned == nil || versioned == prefix
        else { throw .invalid }
        if versioned == nil { versioned = prefix.owned() }
        if let final = data.finalSegment {
            guard last == nil || last == final, final >= number, final < UInt64(Self.maximumSize) else {
                throw .invalid
            }
            last = final
        }
        guard number <= last ?? .max, octets + data.content.readableBytes <= Self.maximumSize else { throw .invalid }
        if segments[number] == nil {
            segments[number] = ByteBuffer(bytes: data.content.readableBytesView)
            octets += data.content.readableBytes
        }
        return ask()
    }

    /// Whether the dataset can be complete without this segment, which did not come.
    func isDispensable(_ segment: UInt64) -> Bool {
        last.map { segment > $0 } ?? false
    }

    private mutating func ask() -> [Name] {
        guard let versioned else { return [] }
        var names: [Name] = []
        let received = UInt64(segments.count)
        let end = min(received &+ Self.window, last.map { $0 &+ 1 } ?? .max)
        while nextAsked < end {
            if segments[nextAsked] == nil { names.append(versioned.appending(.segment(nextAsked))) }
            nextAsked &+= 1
        }
        return names
    }
}
