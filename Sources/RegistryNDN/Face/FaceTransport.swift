import NIOCore

/// What carries a face's packets: a stream connection, or a UDP socket and a peer. Confined to the face's event loop.
protocol FaceTransport: AnyObject {
    /// Whether one datagram is one element: link fragmentation is allowed.
    var isDatagram: Bool { get }
    /// Whether so much waits for the peer that it should ask for less.
    var isBacklogged: Bool { get }
    /// Queues one element; false when the queue is full and the element was dropped.
    func send(_ element: ByteBuffer) -> Bool
    /// Queues equal-sized elements that lie back to back (the last may be shorter); false when they were dropped.
    func send(train: ByteBuffer, packetSize: Int) -> Bool
    /// Hands everything queued to the kernel.
    func flush()
    func close()
}
