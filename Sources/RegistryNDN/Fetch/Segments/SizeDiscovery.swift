/// What is known of a blob's size, and of how it is cut into segments.
///
/// Two round trips: segment 0 gives chunk size and final segment; that one is asked for at once, and its length completes the size.
/// A guess saves one of them: segment 0 confirms it or ends it.
struct SizeDiscovery: Sendable {
    private(set) var geometry: BlobGeometry?
    /// Nobody has confirmed ``geometry``: segment 0 is not here.
    private(set) var isGuessing = false
    /// Octets of the blob, if the final segment is the one that it is taken for.
    private var likelySize: UInt64?
    /// What was asked for by a guess that was wrong: segments below a number, and one that was taken for the final one. Data that
    /// answer those Interests may come yet.
    private var askedInVain: (below: UInt64, final: UInt64)?

    init() {}

    /// Of a blob whose shape is known.
    init(_ geometry: BlobGeometry, size: UInt64) {
        self.geometry = geometry
        likelySize = size
    }

    /// Octets of the blob, once known.
    var size: UInt64? { isGuessing ? nil : likelySize }
    /// What Data have said of how the blob is cut.
    var confirmedGeometry: BlobGeometry? { isGuessing ? nil : geometry }

    /// Takes a geometry for the blob's, until segment 0 says what it is.
    mutating func guess(_ geometry: BlobGeometry) {
        self.geometry = geometry
        isGuessing = true
    }

    /// Goes on as if there had been no guess.
    ///
    /// - Parameter unsent: the lowest segment that was never asked for, the final one apart.
    mutating func dropGuess(unsent: UInt64) {
        let final = geometry?.final
        self = SizeDiscovery()
        askedInVain = final.map { (unsent, $0) }
    }

    /// Takes note of what segment 0 says of a guess.
    ///
    /// - Returns: whether the guess is right.
    mutating func confirms(_ data: SegmentData) -> Bool {
        guard data.contentType == 0, data.length == geometry?.chunk, data.final != nil, data.final == geometry?.final
        else { return false }
        isGuessing = false
        return true
    }

    /// Segment 0 is here, the first of all.
    mutating func begin(_ data: SegmentData) throws(FetchError) -> BlobGeometry {
        guard let final = data.final else { throw .noSize }
        let geometry = try BlobGeometry(chunk: data.length, final: final)
        self.geometry = geometry
        return geometry
    }

    /// Whether Data for a segment may answer an Interest that was sent by a guess, now dropped.
    func wasAskedInVain(_ segment: UInt64) -> Bool {
        guard let askedInVain, geometry != nil else { return false }
        return segment < askedInVain.below || segment == askedInVain.final
    }

    func check(_ data: SegmentData) throws(FetchError) {
        guard data.contentType == 0 else { throw .malformed("ContentType \(data.contentType)") }
        if let geometry, let final = data.final, final != geometry.final {
            throw .malformed("FinalBlockId moved from \(geometry.final) to \(final)")
        }
        try check(data.segment, length: data.length)
    }

    /// Whether a segment is as long as it must be.
    func check(_ segment: UInt64, length: Int) throws(FetchError) {
        guard let geometry else { return }
        guard segment == geometry.final else {
            if length == geometry.chunk { return }
            throw .malformed("segment \(segment) has \(length) octets, the first \(geometry.chunk)")
        }
        guard length <= geometry.chunk else {
            throw .malformed("the last segment has \(length) octets, the first \(geometry.chunk)")
        }
        if let size, size != geometry.offset(of: segment) &+ UInt64(length) {
            throw .malformed("the last segment has \(length) octets, of a blob of \(size)")
        }
    }

    /// A segment is here: the final one's length completes the size.
    mutating func noteLength(_ length: Int, of segment: UInt64) {
        guard let geometry, segment == geometry.final, likelySize == nil else { return }
        likelySize = geometry.offset(of: segment) &+ UInt64(length)
    }
}
