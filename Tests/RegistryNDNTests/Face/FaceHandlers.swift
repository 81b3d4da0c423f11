@testable import NDN

/// A delegate made of closures.
final class FaceHandlers: FaceDelegate {
    private let interest: ((Interest, LinkFields, Face) -> Void)?
    private let data: ((DataPacket, LinkFields) -> Void)?
    private let state: ((FaceState) -> Void)?

    init(
        interest: ((Interest, LinkFields, Face) -> Void)? = nil, data: ((DataPacket, LinkFields) -> Void)? = nil,
        state: ((FaceState) -> Void)? = nil
    ) {
        self.interest = interest
        self.data = data
        self.state = state
    }

    func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
        self.interest?(interest, fields, face)
        return self.interest != nil
    }

    func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool {
        self.data?(data, fields)
        return self.data != nil
    }

    func face(_ face: Face, changed state: FaceState) {
        self.state?(state)
    }
}
