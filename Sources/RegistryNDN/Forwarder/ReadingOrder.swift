internal import NDN
import NIOCore

/// Which packet of a full store will be asked for last, as far as the readers of segmented objects tell.
struct ReadingOrder {
    /// What will be asked for last.
    enum Last {
        case kept(Name)
        /// What has just come.
        case new
        case unknown
    }

    /// Objects known at a time; further ones are ignored.
    private static let maximumBlobs = 256

    private var blobs: [Name: BlobReaders] = [:]

    /// A face asks for a packet.
    mutating func note(_ name: Name, from face: UInt64, now: NIODeadline) {
        guard let (blob, segment) = name.splitSegment() else { return }
        guard blobs[blob]?.note(segment, from: face, now: now) == nil else { return }
        if blobs.count == Self.maximumBlobs { blobs = blobs.filter { now < $0.value.seen + BlobReaders.patience } }
        guard blobs.count < Self.maximumBlobs else { return }
        var readers = BlobReaders()
        readers.note(segment, from: face, now: now)
        // The name lies in a receive buffer of many packets.
        blobs[blob.owned()] = readers
    }

    /// Whether several read the object, and all have had this packet of it.
    func isDone(_ name: Name, now: NIODeadline) -> Bool {
        guard let (blob, segment) = name.splitSegment() else { return false }
        return blobs[blob]?.isDone(segment, now: now) ?? false
    }

    /// Whether somebody is about to ask for a packet.
    func isAwaited(_ name: Name, now: NIODeadline) -> Bool {
        guard let (blob, segment) = name.splitSegment() else { return false }
        return blobs[blob]?.isAwaited(segment, now: now) ?? false
    }

    /// What will be asked for last of the object of an awaited packet.
    ///
    /// - Parameter new: a packet that is not kept yet, of this object or another.
    mutating func lastAwaited(
        of name: Name, beside new: Name, now: NIODeadline, isKept: (Name) -> Bool
    ) -> Last {
        guard let (blob, _) = name.splitSegment() else { return .unknown }
        if let (another, segment) = new.splitSegment(), another == blob,
            blobs[blob]?.isAwaited(segment, now: now) == false
        {
            return .new
        }
        let last = blobs[blob]?.lastAwaited(now: now) { isKept(blob.appending(.segment($0))) } ?? nil
        return last.map { .kept(blob.appending(.segment($0))) } ?? .unknown
    }
}
