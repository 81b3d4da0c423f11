package import NDN

/// What the forwarding core asks of the owner of the sockets, who begins and ends faces once the packet at hand is dealt with.
package struct FaceMaking {
    /// All faces, for the dataset `faces/list`.
    package var list: () -> [FaceStatus]
    /// Why there can be no face to a peer; nil when there can.
    package var refusal: (_ peer: FaceURI) -> FaceError?
    /// Makes a face that is kept connected to a peer, and gives what will be listed of it.
    package var make: (_ peer: FaceURI, _ persistency: UInt64) -> FaceStatus
    /// Closes a face.
    package var close: (_ face: UInt64) -> Void

    package init(
        list: @escaping () -> [FaceStatus] = { [] },
        refusal: @escaping (_ peer: FaceURI) -> FaceError? = { $0.whyNoPeer },
        make: @escaping (_ peer: FaceURI, _ persistency: UInt64) -> FaceStatus = { _, _ in FaceStatus() },
        close: @escaping (_ face: UInt64) -> Void = { _ in }
    ) {
        self.list = list
        self.refusal = refusal
        self.make = make
        self.close = close
    }
}
