import NIOCore

/// One connection to one address, under a face that a `FaceConnector` keeps. Confined to the face's event loop.
///
/// It tells its connector what becomes of it: `opened` once, or `failed`; then `lost`, when it ends.
protocol FaceConnection: AnyObject {
    func open()
    /// Ends the connection, which tells its connector nothing from then on.
    func close()
}
