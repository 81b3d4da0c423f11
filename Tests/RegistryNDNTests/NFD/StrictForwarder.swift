import Logging
import NIOCore
import NIOPosix

@testable import NDN
@testable import RegistryNDN

/// The management side of NFD with its surprises (docs/protocol.md 8); it forwards nothing. Confined to its event loop.
final class StrictForwarder {
    struct Rules: Sendable {
        var scope = ManagementScope.localhost
        /// KeyLocators that are trusted; nil: any signer.
        var trusted: Set<Name>?
        /// Milliseconds that its clock is ahead of this machine's.
        var clockAhead: Int64 = 0
        /// Payload octets of a dataset's segment: entries are cut anywhere.
        var segmentSize = 40
        /// Whether a route follows the 200 of rib/register.
        var applies = true
        /// Commands that are not answered, as if lost.
        var losses = 0
        /// The signer's certificate is asked for on the same face before a command is carried out.
        var fetchesCertificates = false
    }

    private let rules: Rules
    private var lossesLeft: Int
    private var lastTimes: [Name: UInt64] = [:]
    private var nonces: Set<ByteBuffer> = []
    private var seen: Set<ByteBuffer> = []
    private var numbers: [UInt64: UInt64] = [:]
    private var segments: [Name: ByteBuffer] = [:]
    var routes: [RibEntry] = []
    var faces: [FaceStatus] = []
    /// Status codes of all commands, in order; 0 for silence.
    private(set) var answers: [UInt64] = []
    private(set) var fetchedCertificates: [Name] = []
    /// Faces that anything came from, and those that are not listened to any more.
    private(set) var heard: Set<UInt64> = []
    var deafTo: Set<UInt64> = []

    /// All who sign with a digest are this one key (docs/protocol.md 8.2).
    private static let digestKey = Name([.generic("localhost"), .generic("identity"), .generic("digest-sha256")])

    init(_ rules: Rules) {
        self.rules = rules
        lossesLeft = rules.losses
    }

    var clock: UInt64 { UInt64(Int64(WallClock.milliseconds()) + rules.clockAhead) }

    /// It has seen a command of whoever signs with a digest that is this many milliseconds ahead of its clock.
    func remember(ahead: UInt64) {
        lastTimes[Self.digestKey] = clock + ahead
    }

    func receive(_ interest: Interest, _ fields: LinkFields, _ endpoint: Endpoint) {
        heard.insert(endpoint.face.id)
        guard !deafTo.contains(endpoint.face.id) else { return }
        let components = interest.name.components.dropFirst(2).map { String(buffer: $0.value) }
        guard rules.scope.prefix.isPrefix(of: interest.name), components.count >= 2 else { return }
        if interest.applicationParameters != nil,
            !seen.insert(ByteBuffer(bytes: interest.wire.readableBytesView)).inserted
        {
            return nack(.duplicate, interest, fields, endpoint)
        }
        let known = rules.scope == .localhost ? ["rib", "faces", "strategy-choice"] : ["rib"]
        guard known.contains(components[0]) else { return nack(.noRoute, interest, fields, endpoint) }
        if components[1] == "list" { return list(components[0], interest, fields, endpoint) }
        guard let parameters = try? ControlParameters(decoding: interest.name[4].value) else {
            return answers.append(0)
        }
        guard rules.fetchesCertificates, case .name(let locator)? = interest.signature?.keyLocator else {
            return command(components[0] + "/" + components[1], parameters, interest, fields, endpoint, nil)
        }
        var wanted = InterestBuilder(name: locator.owned())
        wanted.canBePrefix = true
        wanted.lifetimeMilliseconds = 2000
        let packet = interest.with(nonce: nil, hopLimit: nil)
        endpoint.express(wanted).assumeIsolated().whenComplete { result in
            guard let interest = try? Interest(decoding: packet) else { return }
            let certificate = try? result.get()
            if let certificate { self.fetchedCertificates.append(certificate.name.owned()) }
            self.command(
                components[0] + "/" + components[1], parameters, interest, fields, endpoint, certificate)
        }
    }

    private func command(
        _ verb: String, _ parameters: ControlParameters, _ interest: Interest, _ fields: LinkFields,
        _ endpoint: Endpoint, _ certificate: DataPacket?
    ) {
        guard lossesLeft == 0 else {
            lossesLeft -= 1
            return answers.append(0)
        }
        var code: UInt64 = isAuthorized(interest, certificate) ? 200 : 403
        let face = number(of: endpoint.face)
        var body: ControlParameters? = parameters
        switch verb {
        case _ where code == 403: break
        case "rib/register": register(parameters, face)
        case "rib/unregister": unregister(parameters, face)
        case "strategy-choice/set": break
        case "faces/create":
            guard let face = faces.first(where: { $0.remoteURI == parameters.uri }) else {
                code = 504
                break
            }
            code = 409
            body?.faceID = face.faceID
        default: return answers.append(0)
        }
        if body?.faceID == nil { body?.faceID = face }
        answers.append(code)
        let text = code == 403 ? "authorization rejected" : "OK"
        send(ControlResponse(code: code, text: text, body: body).encode(), interest.name, nil, fields, endpoint)
    }

    /// Time and nonce are both required; the time within 120 s and later than the last of the key (7.1.3).
    private func isAuthorized(_ interest: Interest, _ certificate: DataPacket?) -> Bool {
        guard let signature = interest.signature, let time = signature.time, let nonce = signature.nonce else {
            return false
        }
        var key = Self.digestKey
        if case .name(let locator)? = signature.keyLocator { key = locator.owned() }
        guard abs(Int64(time) - Int64(clock)) <= 120_000, time > lastTimes[key] ?? 0 else { return false }
        if rules.fetchesCertificates {
            guard let content = certificate?.content, let key = try? PublicKey(spki: content),
                interest.verify(with: .key(key))
            else { return false }
        }
        if let trusted = rules.trusted, !trusted.contains(key) { return false }
        guard nonces.insert(ByteBuffer(bytes: nonce.readableBytesView)).inserted else { return false }
        lastTimes[key] = time
        return true
    }

    /// The faces that commands come from have the numbers from 300 on.
    private func number(of face: Face) -> UInt64 {
        let number = numbers[face.id] ?? 300 + UInt64(numbers.count)
        numbers[face.id] = number
        return number
    }

    private func register(_ parameters: ControlParameters, _ face: UInt64) {
        guard rules.applies, let name = parameters.name?.owned() else { return }
        unregister(parameters, face)
        let route = RibEntry.Route(
            faceID: parameters.faceID ?? face, origin: parameters.origin ?? 0, cost: parameters.cost ?? 0,
            flags: RouteFlags(rawValue: parameters.flags ?? 1), expirationPeriod: parameters.expirationPeriod)
        if let index = routes.firstIndex(where: { $0.name == name }) {
            routes[index].routes.append(route)
        } else {
            routes.append(RibEntry(name: name, routes: [route]))
        }
    }

    /// Of another origin or face: nothing happens, and it is a 200 all the same.
    private func unregister(_ parameters: ControlParameters, _ face: UInt64) {
        for index in routes.indices where routes[index].name == parameters.name {
            routes[index].routes.removeAll {
                $0.faceID == parameters.faceID ?? face && $0.origin == parameters.origin ?? 0
            }
        }
        routes.removeAll { $0.routes.isEmpty }
    }

    private func list(_ module: String, _ interest: Interest, _ fields: LinkFields, _ endpoint: Endpoint) {
        if let content = segments[interest.name] {
            let last = segments.keys.compactMap { $0.splitSegment()?.segment }.max()
            return send(content, interest.name, last, fields, endpoint)
        }
        guard interest.canBePrefix, interest.name.count == 4 else { return }
        var rest = ByteBuffer()
        if module == "rib" { for entry in routes { entry.encode(into: &rest) } }
        if module == "faces" { for face in faces { face.encode(into: &rest) } }
        let versioned = interest.name.appending(.version(clock)).owned()
        segments = [:]
        var number: UInt64 = 0
        repeat {
            segments[versioned.appending(.segment(number))] = rest.readSlice(
                length: min(rules.segmentSize, rest.readableBytes))
            number += 1
        } while rest.readableBytes > 0
        let first = versioned.appending(.segment(0))
        send(segments[first] ?? ByteBuffer(), first, number - 1, fields, endpoint)
    }

    /// - Parameter last: FinalBlockId, which only the last segment of a dataset has.
    private func send(
        _ content: ByteBuffer, _ name: Name, _ last: UInt64?, _ fields: LinkFields, _ endpoint: Endpoint
    ) {
        var data = DataBuilder(name: name, content: content)
        data.freshnessMilliseconds = 1000
        if let last, name.splitSegment()?.segment == last { data.finalBlock = .segment(last) }
        guard let packet = try? data.encode(signer: .digest) else { return }
        endpoint.face.send(packet, LinkFields(pitToken: fields.pitToken))
        endpoint.face.flush()
    }

    private func nack(_ reason: NackReason, _ interest: Interest, _ fields: LinkFields, _ endpoint: Endpoint) {
        endpoint.face.send(interest.wire, LinkFields(pitToken: fields.pitToken, nack: reason))
        endpoint.face.flush()
    }
}
