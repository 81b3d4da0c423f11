import NIOCore

/// Somebody who reads a blob, as the core knows them: by number, since whoever owns the core has the reader itself.
package struct FetchReader: Sendable {
    /// Names a reader for as long as the core has it.
    package struct ID: Hashable, Sendable {
        package let number: Int

        package init(_ number: Int) {
            self.number = number
        }
    }

    package let id: ID
    /// With whose credentials it may have octets from elsewhere; nil: it may not.
    let audience: SHA256Digest?
    /// From where on it reads when it may hang up at any time; nil: it reads all that it asked for.
    let openBegin: UInt64?
    /// Offset behind the last octet that it wants, as far as is known.
    var end = UInt64.max
    private(set) var progress = Progress()

    package init(_ id: ID, audience: SHA256Digest? = nil, openBegin: UInt64? = nil) {
        self.id = id
        self.audience = audience
        self.openBegin = openBegin
    }

    /// The same reader, once it is known which octets it wants.
    func restricted(to parts: BlobParts) -> FetchReader {
        var reader = self
        reader.end = parts.hull?.upperBound ?? 0
        reader.progress.position = parts.hull?.lowerBound ?? 0
        return reader
    }

    /// Takes note of where it is. Nobody goes back: what it was told to skip it may not have heard yet.
    mutating func note(_ progress: Progress) {
        let position = max(progress.position, self.progress.position)
        self.progress = progress
        self.progress.position = position
    }

    /// Where a reader is.
    package struct Progress: Sendable, Hashable {
        /// Offset behind the last octet handed to it.
        package var position: UInt64 = 0
        /// Octets that it took and has not come back from.
        package var held = 0
        /// It reads no more.
        package var isGone = false
        /// It has everything that was pushed, and waits for more.
        package var isWaiting = false
        /// It has everything that will ever be pushed, and is done with it.
        package var isDrained = false

        package init() {}

        /// Of a reader that nobody knows any more.
        static var gone: Progress {
            var progress = Progress()
            progress.isGone = true
            return progress
        }

        /// Nothing has changed for whoever waits for the reader to go on, or to be done.
        func isSamePlace(as other: Progress) -> Bool {
            position == other.position && isGone == other.isGone && isDrained == other.isDrained
        }
    }

    /// It may have octets from elsewhere, and waits for some.
    func canRepair(delivered: UInt64) -> Bool { audience != nil && !progress.isGone && end > delivered }
}
