internal import NDN
internal import NIOCore

/// Commands and datasets under /localhost/nfd. Only local faces get here, and whoever may open the socket may register
/// what leads to itself, and have faces made to other hosts: signatures are not asked for, as with ndnd and with NFD's
/// `trust-anchor { type any }`. The routes of another's face, and faces that root's programs and the forwarder's own user's had made,
/// are for these alone.
extension ForwardingCore {
    /// Answers a management Interest; one that makes no sense gets silence, an unknown module a Nack, as from NFD
    /// (docs/protocol.md 8.7).
    mutating func manage(_ interest: Interest, _ fields: LinkFields, from face: UInt64, now: NIODeadline) {
        let answer: ByteBuffer?
        switch management.request(interest.name) {
        case ("rib/register", let argument?)?:
            answer = command(argument, interest) { core, parameters throws(ManagementError) in
                try core.register(parameters, from: face, now: now)
            }
        case ("rib/unregister", let argument?)?:
            answer = command(argument, interest) { core, parameters throws(ManagementError) in
                try core.unregister(parameters, from: face)
            }
        case ("rib/list", nil)? where interest.canBePrefix:
            answer = management.publish(under: interest.name) { content in
                for entry in routes.list(now: now) { entry.encode(into: &content) }
            }
        case ("faces/list", nil)? where interest.canBePrefix:
            let faceList = management.faces.list().map { withHealth($0, now: now) }
            answer = management.publish(under: interest.name) { content in
                for status in faceList { status.encode(into: &content) }
            }
        case ("status/general", nil)? where interest.canBePrefix:
            let status = encodedStatus
            answer = management.publish(under: interest.name) { $0.writeImmutableBuffer(status) }
        case ("strategy-choice/list", nil)? where interest.canBePrefix:
            answer = management.publish(under: interest.name) {
                StrategyChoice(name: Name(), strategy: Self.strategy).encode(into: &$0)
            }
        case ("strategy-choice/set", let argument?)?:
            let text = "nothing to set: \(Self.oneStrategy)"
            answer = command(argument, interest, saying: text) { _, parameters throws(ManagementError) in
                try Self.setStrategy(parameters)
            }
        case ("faces/create", let argument?)?:
            answer = command(argument, interest) { core, parameters throws(ManagementError) in
                try core.createFace(parameters, from: face)
            }
        case ("faces/destroy", let argument?)?:
            answer = command(argument, interest) { core, parameters throws(ManagementError) in
                try core.destroyFace(parameters, from: face)
            }
        case ("strategy-choice/unset", let argument?)?:
            answer = command(argument, interest) { _, _ throws(ManagementError) in
                throw ManagementError(code: 406, text: "unsupported: nothing to unset, \(Self.oneStrategy)")
            }
        case ("faces/update", let argument?)?:
            answer = command(argument, interest) { _, _ throws(ManagementError) in
                throw ManagementError(code: 406, text: "unsupported: this forwarder's faces stay as they are")
            }
        case ("rib/list", _)?, ("faces/list", _)?, ("status/general", _)?, ("strategy-choice/list", _)?:
            answer = management.segment(interest.name)
        case let request?:
            let known = ["rib/", "faces/", "status/", "strategy-choice/"].contains { request.verb.hasPrefix($0) }
            if !known { refuse(interest, fields, from: face) }
            return
        case nil: return
        }
        if let answer { send(answer, LinkFields(pitToken: fields.pitToken), to: face) }
    }

    /// What answers a command about routes that comes over UDP or from another machine: a Nack would look like that of an NFD
    /// which only has to be configured. Nil for anything else, and for what is not signed, so that nobody is sent much more
    /// than was asked in its name.
    func refusalOfRoute(_ interest: Interest, from face: UInt64) -> ByteBuffer? {
        guard faces[face]?.isLocal == false, ManagementDispatcher.remotePrefix.isPrefix(of: interest.name),
            interest.name.last?.type == NameComponent.parametersDigestType,
            let verb = management.request(interest.name)?.verb, verb == "rib/register" || verb == "rib/unregister"
        else { return nil }
        let response = ControlResponse(
            code: 406, text: "registry-ndn forwarder takes routes over its Unix socket and local TCP alone")
        return management.reply(response, to: interest.name)
    }

    private mutating func refuse(_ interest: Interest, _ fields: LinkFields, from face: UInt64) {
        counters.nacks += 1
        let packet = interest.with(nonce: interest.nonce ?? random.next(), hopLimit: nil)
        send(packet, LinkFields(pitToken: fields.pitToken, nack: .noRoute), to: face)
    }

    /// Carries out a command whose ControlParameters are readable; silence otherwise.
    ///
    /// - Parameter success: what is said when that is done.
    private mutating func command(
        _ argument: NameComponent, _ interest: Interest, saying success: String = "OK",
        _ body: (inout Self, ControlParameters) throws(ManagementError) -> ControlParameters
    ) -> ByteBuffer? {
        guard let parameters = try? ControlParameters(decoding: argument.value) else { return nil }
        let response: ControlResponse
        do throws(ManagementError) {
            response = ControlResponse(code: 200, text: success, body: try body(&self, parameters))
        } catch {
            response = ControlResponse(code: error.code, text: error.text, body: error.body)
        }
        return management.reply(response, to: interest.name)
    }

    private mutating func register(
        _ parameters: ControlParameters, from face: UInt64, now: NIODeadline
    ) throws(ManagementError) -> ControlParameters {
        let (prefix, target) = try route(of: parameters, from: face)
        guard !management.isMeant(prefix) else {
            throw ManagementError(code: 403, text: "\(prefix) \(CommandError.forwardersOwn)")
        }
        let route = RoutingTable.Route(
            face: target, origin: parameters.origin ?? RouteOrigin.application, cost: parameters.cost ?? 0,
            flags: parameters.flags.map { RouteFlags(rawValue: $0) } ?? .childInherit,
            expiry: parameters.expirationPeriod.map { now + .milliseconds(Int64(min($0, 1 << 40))) })
        do throws(RoutingTable.Refusal) {
            try routes.register(prefix, route)
        } catch {
            switch error {
            case .prefixTooLong:
                throw ManagementError(
                    code: 414, text: "a prefix has at most \(RoutingTable.maximumLength) components")
            case .tableFull:
                throw ManagementError(code: 500, text: "the routing table is full (\(limits.routes) routes)")
            }
        }
        var done = ControlParameters(name: prefix)
        done.faceID = target
        done.origin = route.origin
        done.cost = route.cost
        done.flags = route.flags.rawValue
        done.expirationPeriod = parameters.expirationPeriod
        return done
    }

    private mutating func unregister(
        _ parameters: ControlParameters, from face: UInt64
    ) throws(ManagementError) -> ControlParameters {
        let (prefix, target) = try route(of: parameters, from: face)
        let origin = parameters.origin ?? RouteOrigin.application
        routes.unregister(prefix, face: target, origin: origin)
        var done = ControlParameters(name: prefix)
        done.faceID = target
        done.origin = origin
        return done
    }

    /// The one strategy.
    private static let strategy = StrategyChoice.prefix.appending(.generic("best-route"))

    private static let oneStrategy =
        "\(CommandError.oneStrategy), best-route, for every prefix, and is the cache of a site with it"

    /// Best-route may be chosen, with any version; nothing else is there.
    private static func setStrategy(_ parameters: ControlParameters) throws(ManagementError) -> ControlParameters {
        guard parameters.name != nil, let wanted = parameters.strategy else {
            throw ManagementError(code: 400, text: "Name or Strategy is missing")
        }
        guard strategy.isPrefix(of: wanted) else {
            throw ManagementError(code: 406, text: "unsupported: \(Self.oneStrategy)")
        }
        return parameters
    }

    /// Prefix and face of a command; FaceId 0 or none is the face it came from.
    private func route(
        of parameters: ControlParameters, from face: UInt64
    ) throws(ManagementError) -> (prefix: Name, face: UInt64) {
        guard let prefix = parameters.name else { throw ManagementError(code: 400, text: "Name is missing") }
        let target = parameters.faceID ?? 0
        guard target != 0, target != face else { return (prefix, face) }
        try checkMay(face, commandAbout: target)
        guard faces[target] != nil else { throw ManagementError(code: 404, text: "face \(target) does not exist") }
        return (prefix, target)
    }

    /// Only a trusted face may name another than itself, but for those that are kept for all programs.
    private func checkMay(_ face: UInt64, commandAbout target: UInt64) throws(ManagementError) {
        guard let record = faces[face], !record.isTrusted, faces[target]?.keeping != .programs else { return }
        throw ManagementError(
            code: 403,
            text: "face \(target) and its routes are not yours: \(CommandError.operatorsAlone) may change them,"
                + " over its Unix socket")
    }

    /// The dataset `status/general`: ForwarderStatus.
    private var encodedStatus: ByteBuffer {
        var content = ByteBuffer()
        content.writeTLV(type: NFDType.Status.version, bytes: "registry-ndn".utf8)
        let numbers: [(UInt32, UInt64)] = [
            (NFDType.Status.startTimestamp, management.startTime),
            (NFDType.Status.currentTimestamp, WallClock.milliseconds()),
            (NFDType.Status.nameTreeEntries, UInt64(routes.count + pit.count)),
            (NFDType.Status.fibEntries, UInt64(routes.count)), (NFDType.Status.pitEntries, UInt64(pit.count)),
            (NFDType.Status.measurementsEntries, 0), (NFDType.Status.contentStoreEntries, UInt64(store.count)),
            (NFDType.inInterests, counters.interests), (NFDType.inData, counters.data), (NFDType.inNacks, 0),
            (NFDType.outInterests, 0), (NFDType.outData, 0), (NFDType.outNacks, counters.nacks),
            (NFDType.Status.satisfiedInterests, counters.satisfied),
            (NFDType.Status.unsatisfiedInterests, counters.unsatisfied),
        ]
        for (type, number) in numbers { content.writeTLV(type: type, number: number) }
        return content
    }
}

extension ForwardingCore {
    // MARK: Faces to other hosts

    /// `faces/create`: a face that is kept connected until it is destroyed, whatever its persistency is called.
    private mutating func createFace(
        _ parameters: ControlParameters, from face: UInt64
    ) throws(ManagementError) -> ControlParameters {
        let peer = try peer(of: parameters)
        let persistency = parameters.facePersistency ?? FacePersistency.persistent
        guard persistency != FacePersistency.onDemand, parameters.localURI == nil else {
            throw ManagementError(
                code: 406, text: "unsupported: a face that is made is persistent or permanent, and has no LocalUri")
        }
        let isOther = { (status: FaceStatus) in
            status.remoteURI != parameters.uri || status.persistency == FacePersistency.onDemand
        }
        if let old = management.faces.list().first(where: { !isOther($0) }) {
            throw ManagementError(code: 409, text: "a face to \(peer) exists already", body: ControlParameters(old))
        }
        if let refusal = management.faces.refusal(peer) { throw ManagementError(code: 406, text: refusal.message) }
        let isTrusted = faces[face]?.isTrusted ?? false
        let ofPrograms = kept.count { faces[$0]?.keeping == .programs }
        guard kept.count < limits.keptFaces, isTrusted || ofPrograms < limits.keptFaces / 2 else {
            throw ManagementError(
                code: 500, text: "too many faces to other hosts (\(kept.count) of \(limits.keptFaces)): destroy one")
        }
        let made = management.faces.make(peer, persistency)
        keepFace(made.faceID, for: isTrusted ? .operators : .programs)
        return ControlParameters(made)
    }

    /// Where a face is to lead: as NFD, only to what is written as it will be listed.
    private func peer(of parameters: ControlParameters) throws(ManagementError) -> FaceURI {
        guard let text = parameters.uri else { throw ManagementError(code: 400, text: "Uri is missing") }
        guard ["udp", "tcp"].contains(where: { text.hasPrefix($0) }) else {
            throw ManagementError(code: 406, text: "unsupported: faces are made to udp4, udp6, tcp4 and tcp6")
        }
        guard let peer = try? FaceURI(text), "\(peer)" == text, peer.port > 0,
            let family = peer.family, IPAddress.family(of: peer.host) == family
        else {
            throw ManagementError(
                code: 400, text: "Uri is not canonical: write a numeric address, as udp4://192.0.2.1:6363")
        }
        return peer
    }

    /// `faces/destroy`; as with NFD, that there is no such face is no error.
    private mutating func destroyFace(
        _ parameters: ControlParameters, from face: UInt64
    ) throws(ManagementError) -> ControlParameters {
        guard let target = parameters.faceID, target != 0 else {
            throw ManagementError(code: 400, text: "FaceId is missing")
        }
        if target != face { try checkMay(face, commandAbout: target) }
        management.faces.close(target)
        var done = ControlParameters()
        done.faceID = target
        return done
    }
}

extension ControlParameters {
    /// What answers `faces/create`, with the fields that ndn-cxx wants.
    fileprivate init(_ face: FaceStatus) {
        self.init()
        faceID = face.faceID
        uri = face.remoteURI
        localURI = face.localURI
        facePersistency = face.persistency
        flags = face.flags
    }
}

/// Why a command is not carried out.
struct ManagementError: Error {
    let code: UInt64
    let text: String
    /// What the answer tells beside.
    var body: ControlParameters?
}
