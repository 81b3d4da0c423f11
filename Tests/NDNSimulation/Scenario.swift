package import NDN
package import NIOCore

/// A blob that a consumer fetches.
package struct SimulatedBlob: Sendable {
    package var chunk = 7777
    package var size: Int
    /// Segments the reader takes a second; nil: all at once.
    package var readRate: Double?
    /// Octets ahead of the reader that may be asked for.
    package var room = 32 << 20
    /// Other consumers' blobs of this number are the same one.
    package var content = 0
    /// It is asked for when all before it are there.
    package var isLater = false
    /// Its size is known before it is asked for, as from a manifest.
    package var isExpected = false

    package init(size: Int) {
        self.size = size
    }

    var final: UInt64 { size == 0 ? 0 : UInt64((size - 1) / max(chunk, 1)) }
    func length(_ segment: UInt64) -> Int { min(chunk, size - Int(segment) * chunk) }
}

/// Someone who fetches blobs over one face.
package struct SimulatedConsumer: Sendable {
    package var algorithm = CongestionAlgorithm.rate
    package var blobs: [SimulatedBlob]
    func isFaulty(_ segment: UInt64) -> Bool {
        faultyPeriod > 0 && segment % faultyPeriod == faultyPeriod - 1
    }

    /// On top of the link's, one way.
    package var delay = TimeAmount.zero
    package var begin = TimeAmount.zero
    package var maximumWindow: Int?
    /// One segment of so many is always faulty, but the consumer can have it from elsewhere; 0: none is.
    package var faultyPeriod: UInt64 = 0
    /// Who reads the blobs; none: each is read once, by its ``SimulatedBlob/readRate``, and its segments are all that is simulated.
    package var readers: [SimulatedReader] = []

    package init(_ algorithm: CongestionAlgorithm, blobs: [SimulatedBlob]) {
        self.algorithm = algorithm
        self.blobs = blobs
    }
}

/// What becomes of the link, and when.
package struct LinkChange: Sendable {
    let at: TimeAmount
    let change: @Sendable (inout Link) -> Void

    package init(_ at: TimeAmount, _ change: @escaping @Sendable (inout Link) -> Void) {
        self.at = at
        self.change = change
    }
}

/// A network, who uses it and for how long.
package struct Scenario: Sendable {
    package var link: Link
    package var consumers: [SimulatedConsumer]
    /// Until an Interest is answered, at the least; and further, uniformly up to.
    package var producerDelay = TimeAmount.zero
    package var producerJitter = TimeAmount.zero
    /// Which segments are in a cache on the consumers' side of the link.
    package var isCached: @Sendable (_ content: Int, _ segment: UInt64) -> Bool = { _, _ in false }
    /// The cache keeps what passes, for the consumers that come later.
    package var cachesAll = false
    /// The near router drops an Interest for the same name so soon after the one that it forwarded.
    package var suppression = TimeAmount.zero
    package var changes: [LinkChange] = []
    /// nil: until every blob is there.
    package var duration: TimeAmount?
    /// What is measured begins here.
    package var warmUp = TimeAmount.zero
    package var configuration = FetchConfiguration()
    package var seed: UInt64 = 1

    package init(link: Link, consumers: [SimulatedConsumer]) {
        self.link = link
        self.consumers = consumers
        configuration.sizeTimeout = .minutes(9)
        configuration.progressTimeout = .minutes(9)
        configuration.silenceTimeout = configuration.progressTimeout
        configuration.retransmissions = 100
    }
}
