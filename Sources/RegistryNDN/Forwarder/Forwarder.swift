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
    /// Faces that are kept connected, by number.
    private var kept: [UInt64: (connector: FaceConnector, persistency: UInt64)] = [:]
    /// Kept faces that are to connect, and faces that are to be closed, once the core is done with the packet at hand.
    private var beginning: [FaceConnector] = []
    private var ending: [Face] = []
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
        core.setFaceMaking(
            FaceMaking(
                list: { [unowned self] in listedFaces },
                refusal: { [unowned self] in refusal(of: $0) },
                make: { [unowned self] in FaceStatus(makeFace(to: $0, persistency: $1).face, persistency: $1) },
                close: { [unowned self] in closeLater($0) }))
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

    /// Keeps a face to a peer connected, and has Interests below a prefix sent there as long as the forwarder runs. Several peers of
    /// one prefix are several next hops.
    ///
    /// - Throws: when the peer is the forwarder itself, or none; when the routing table does not take the prefix.
    package func addRoute(_ route: ForwarderService.StaticRoute) throws {
        if let refusal = refusal(of: route.peer) {
            throw FaceError(
                refusal.code,
                "the route to \(route.prefix): \(refusal); name the server or forwarder that it is to lead to")
        }
        let known = kept.values.first { $0.connector.peer == route.peer }?.connector
        let connector = known ?? makeFace(to: route.peer, persistency: FacePersistency.permanent)
        if known == nil { core.keepFace(connector.face.id, for: .operators) }
        try core.routes.register(
            route.prefix, .init(face: connector.face.id, origin: RouteOrigin.staticRoute, cost: route.cost))
        logger.info(
            "static route",
            metadata: ["prefix": "\(route.prefix)", "to": "\(route.peer)", "cost": .stringConvertible(route.cost)])
        changeFaces()
    }

    /// Closes all listeners and faces.
    package func close() {
        timer.cancel()
        for listener in listeners { listener.close() }
        listeners = []
        for (connector, _) in kept.values { connector.face.close() }
    }

    private func makeFace(to peer: FaceURI, persistency: UInt64) -> FaceConnector {
        let connector = FaceConnector(to: peer, on: eventLoop, configuration: configuration, logger: logger)
        connector.face.delegate = self
        // Where a host name leads is known only then.
        connector.refusal = { [weak self] in self?.refusal(of: $0, named: peer) }
        // Before anything has come, a dataset may list it.
        kept[connector.face.id] = (connector, persistency)
        beginning.append(connector)
        return connector
    }

    /// Why nothing is sent to a peer.
    ///
    /// - Parameter name: the peer as it was named, where that is something else.
    private func refusal(of peer: FaceURI, named name: FaceURI? = nil) -> FaceError? {
        if let error = peer.whyNoPeer { return error }
        guard OwnAddresses(of: listeners.map(\.local)).contain(peer) else { return nil }
        let words = name.map { $0 == peer ? "" : ", where \($0) leads," } ?? ""
        return FaceError(
            .unreachable, "\(peer)\(words) \(CommandError.forwarderItself): what is sent there would come back")
    }

    private func closeLater(_ face: UInt64) {
        guard let face = kept[face]?.connector.face ?? faces[face] else { return }
        ending.append(face)
    }

    /// Does what the core has asked for.
    private func changeFaces() {
        while let connector = beginning.popLast() { connector.start() }
        while let face = ending.popLast() { face.close() }
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
        changeFaces()
        timer.schedule(at: core.deadline)
    }

    /// Where Interests below each prefix go.
    var routes: [RibEntry] { core.routes.list(now: eventLoop.now) }

    /// Its faces by number.
    var faceStatuses: [FaceStatus] {
        listedFaces.map { core.withHealth($0, now: eventLoop.now) }
    }

    /// What is known here, without the core, which may be asking.
    private var listedFaces: [FaceStatus] {
        let ofPrograms = faces.values.filter { kept[$0.id] == nil }
            .map { FaceStatus($0, persistency: FacePersistency.onDemand) }
        let ofOurs = kept.values.map { FaceStatus($0.connector.face, persistency: $0.persistency) }
        return (ofPrograms + ofOurs).sorted { $0.faceID < $1.faceID }
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
        if kept[face.id] != nil, state != .closed {
            faces[face.id] = state == .up ? face : nil
            return core.changeFace(
                face.id, isUp: state == .up, isLocal: face.isLocal,
                isReached: state == .up && face.remote.scheme != .udp, now: eventLoop.now)
        }
        guard state == .up else {
            kept[face.id] = nil
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
    /// A face, as the dataset `faces/list` has it.
    init(_ face: Face, persistency: UInt64) {
        self.init()
        faceID = face.id
        // A program that has connected to our Unix socket has no name; NFD writes its descriptor there.
        let isNamed = face.remote.scheme != .unix || persistency != FacePersistency.onDemand
        remoteURI = isNamed ? "\(face.remote)" : "fd://\(face.id)"
        localURI = "\(face.local)"
        isLocal = face.isLocal
        self.persistency = persistency
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
