package import Logging
package import NDN
package import NIOCore

/// The forwarding core at work: its faces, its timer, its listeners. Confined to one event loop, as all its faces are.
package final class Forwarder: FaceDelegate {
    package let eventLoop: any EventLoop
    private let logger: Logger
    private let configuration: FaceConfiguration
    private var core: ForwardingCore
    private var faces: [UInt64: Face] = [:]
    private var listeners: [FaceListener] = []
    private let timer: DeadlineTimer
    /// Faces that something was sent to since the last flush.
    private var unflushed: [UInt64: Face] = [:]
    /// The core's actions while they are performed.
    private var actions: [ForwardingAction] = []

    package init(
        on eventLoop: any EventLoop, limits: ForwardingCore.Limits = .init(),
        configuration: FaceConfiguration = .init(), logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.logger = logger
        self.configuration = configuration
        core = ForwardingCore(limits: limits)
        timer = DeadlineTimer(on: eventLoop)
        core.setFaceList { [weak self] in self?.faceStatuses ?? [] }
        timer.onDeadline = { [weak self] in self?.timerFired() }
    }

    /// Sums and sizes at this moment.
    package var statistics: ForwarderStatistics { core.statistics }

    /// Listens at one more address; gives the real one, or fails with a `FaceError` that says what to do.
    package func listen(at uri: FaceURI) -> EventLoopFuture<FaceURI> {
        let listener = FaceListener(at: uri, on: eventLoop, configuration: configuration, logger: logger) {
            [weak self] face in face.delegate = self
        }
        listeners.append(listener)
        return listener.start()
    }

    /// Closes all listeners and faces.
    package func close() {
        timer.cancel()
        for listener in listeners { listener.close() }
        listeners = []
    }

    private func timerFired() {
        core.timerFired(now: eventLoop.now)
        perform()
        flush()
    }

    private func perform() {
        swap(&actions, &core.actions)
        for action in actions {
            guard let face = faces[action.face] else { continue }
            face.send(action.packet, action.fields(isBacklogged: face.isBacklogged))
            unflushed[action.face] = face
        }
        actions.removeAll(keepingCapacity: true)
    }

    private func flush() {
        for face in unflushed.values { face.flush() }
        unflushed.removeAll(keepingCapacity: true)
        timer.schedule(at: core.deadline)
    }

    private var faceStatuses: [FaceStatus] {
        faces.values.sorted { $0.id < $1.id }.map { FaceStatus($0) }
    }
}

extension Forwarder {
    package func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
        core.receive(interest, fields, from: face.id, now: eventLoop.now)
        perform()
        return true
    }

    package func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool {
        core.receive(data, fields, from: face.id, now: eventLoop.now)
        perform()
        return true
    }

    package func face(
        _ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields
    ) -> Bool {
        core.receive(nack: reason, for: interest, from: face.id, now: eventLoop.now)
        perform()
        return true
    }

    package func faceBatchEnded(_ face: Face) {
        // A face with routes stays when a listener needs room.
        face.isPinned = core.hasRoute(to: face.id)
        flush()
    }

    package func face(_ face: Face, changed state: FaceState) {
        guard state == .up else {
            faces[face.id] = nil
            unflushed[face.id] = nil
            return core.removeFace(face.id)
        }
        guard core.addFace(face.id, isLocal: face.isLocal, isTrusted: face.isPeerPrivileged, host: face.host) else {
            logger.notice("too many faces, a new one is closed", metadata: ["remote": "\(face.remote)"])
            return face.close()
        }
        faces[face.id] = face
    }
}

extension FaceStatus {
    /// A live face, as the dataset `faces/list` has it.
    init(_ face: Face) {
        self.init()
        faceID = face.id
        // The peer of a Unix socket has no name; NFD writes its descriptor there.
        remoteURI = face.remote.scheme == .unix ? "fd://\(face.id)" : "\(face.remote)"
        localURI = "\(face.local)"
        isLocal = face.isLocal
        persistency = 1
        mtu = UInt64(face.mtu)
        inInterests = face.counters.inInterests
        inData = face.counters.inData
        inNacks = face.counters.inNacks
        inBytes = face.counters.inOctets
        outInterests = face.counters.outInterests
        outData = face.counters.outData
        outNacks = face.counters.outNacks
        outBytes = face.counters.outOctets
    }
}
