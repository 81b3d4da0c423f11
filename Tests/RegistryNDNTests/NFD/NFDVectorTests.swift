import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("NFD: vectors")
struct NFDVectorTests {
    private static let clock: UInt64 = 1_700_000_000_000

    private func parameters(_ expected: JSONValue) throws -> ControlParameters {
        var parameters = ControlParameters()
        parameters.name = try expected["name"].string.map { try Name(uri: $0) }
        parameters.faceID = expected["face_id"].number
        parameters.uri = expected["uri"].string
        parameters.localURI = expected["local_uri"].string
        parameters.origin = expected["origin"].number
        parameters.cost = expected["cost"].number
        parameters.flags = expected["flags"].number
        parameters.mask = expected["mask"].number
        parameters.strategy = try expected["strategy"].string.map { try Name(uri: $0) }
        parameters.expirationPeriod = expected["expiration_ms"].number
        parameters.facePersistency = expected["face_persistency"].number
        parameters.baseCongestionMarkingInterval = expected["base_congestion_interval_ns"].number
        parameters.defaultCongestionThreshold = expected["default_congestion_threshold"].number
        parameters.mtu = expected["mtu"].number
        return parameters
    }

    @Test(arguments: Vector.of("nfd-command").filter { $0.expect["control_parameters"] != .null })
    func controlParameters(_ vector: Vector) throws {
        let interest = try Interest(decoding: vector.wire)
        let component = interest.name[4]
        let expected = try parameters(vector.expect["control_parameters"])
        #expect(try ControlParameters(decoding: component.value) == expected)
        #expect(expected.encode() == component.value)
    }

    /// Digest-signed commands come out octet for octet.
    @Test(
        arguments: Vector.of("nfd-command").filter {
            $0.expect["control_parameters"] != .null && $0.expect["signature"]["type"].number == 0
        })
    func digestSignedCommands(_ vector: Vector) throws {
        let name = try Interest(decoding: vector.wire).name
        let command = ManagementCommand(
            scope: .localhost, module: String(buffer: name[2].value), verb: String(buffer: name[3].value),
            parameters: try parameters(vector.expect["control_parameters"]))
        var interest = command.interest(lifetimeMilliseconds: nil)
        interest.nonce = 0xcafe_0001
        let time = try #require(vector.expect["signature"]["time"].number)
        let wire = try interest.encodeSigned(with: .digest, time: time, signatureNonce: 0x8877_6655_4433_2211)
        #expect(wire == vector.wire)
    }

    @Test(arguments: Vector.of("nfd-response"))
    func responses(_ vector: Vector) throws {
        guard vector.expect["result"].string == "accept" else {
            #expect(throws: WireError.self) { try ControlResponse(decoding: vector.wire) }
            return
        }
        let response = try ControlResponse(decoding: vector.wire)
        #expect(response.code == vector.expect["code"].number)
        #expect(response.text == vector.expect["text"].string)
        let body = vector.expect["body"]
        #expect(response.body == (body == .null ? nil : try parameters(body)))
        #expect(response.encode() == vector.wire)
    }

    @Test(arguments: Vector.of("nfd-dataset"))
    func datasets(_ vector: Vector) throws {
        let entries = try RibEntry.decodeList(vector.wire)
        let expected = try vector.expect["entries"].array.map { entry in
            RibEntry(
                name: try Name(uri: entry["name"].string ?? ""),
                routes: entry["routes"].array.map { route in
                    RibEntry.Route(
                        faceID: route["face_id"].number ?? 0, origin: route["origin"].number ?? 0,
                        cost: route["cost"].number ?? 0, flags: RouteFlags(rawValue: route["flags"].number ?? 0),
                        expirationPeriod: route["expiration_ms"].number)
                })
        }
        #expect(entries == expected)
        var encoded = ByteBuffer()
        for entry in entries { entry.encode(into: &encoded) }
        #expect(encoded == vector.wire)
    }
}

@Suite("NFD: messages")
struct NFDMessageTests {
    @Test func faceStatusComesBack() throws {
        var status = FaceStatus()
        status.faceID = 300
        status.remoteURI = "udp4://127.0.0.1:40000"
        status.localURI = "udp4://127.0.0.1:6363"
        status.expirationPeriod = 60000
        status.isLocal = true
        status.persistency = 1
        status.mtu = 8800
        status.inInterests = 1
        status.outBytes = .max
        status.health = .down
        var buffer = ByteBuffer()
        status.encode(into: &buffer)
        FaceStatus().encode(into: &buffer)
        #expect(try FaceStatus.decodeList(buffer) == [status, FaceStatus()])
    }

    /// ndn-cxx reads a FaceStatus up to Flags; others skip what they do not know where its number is even.
    @Test func othersMaySkipTheHealthOfAFace() throws {
        var (plain, told) = (ByteBuffer(), ByteBuffer())
        var status = FaceStatus()
        status.encode(into: &plain)
        status.health = .silent
        status.encode(into: &told)
        let (before, after) = (try TLVElement(decoding: plain).value, try TLVElement(decoding: told).value)
        #expect(after.readableBytesView.starts(with: before.readableBytesView))
        #expect(ByteBuffer(after.readableBytesView.dropFirst(before.readableBytes)) == ByteBuffer(hex: "fd8e0c0102"))
        let later = ByteBuffer(hex: "8005fd8e0c0109")
        #expect(try FaceStatus.decodeList(later) == [FaceStatus()], "a word of later versions")
    }

    @Test func unknownFieldsOfControlParametersAreIgnored() throws {
        var buffer = ByteBuffer()
        buffer.writeTLV(type: NFDType.controlParameters) { inside in
            inside.writeTLV(type: 1001, number: 1)
            inside.writeTLV(type: NFDType.cost, number: 9)
            inside.writeTLV(type: NFDType.faceID, number: 7)
        }
        var expected = ControlParameters()
        expected.cost = 9
        expected.faceID = 7
        #expect(try ControlParameters(decoding: buffer) == expected)
    }

    @Test func brokenMessagesAreRefused() {
        for hex in ["", "68", "6803690100ff", "6802690100", "680369020001ff", "6804690300ffff", "6505660201f4"] {
            #expect(throws: WireError.self) { try ControlParameters(decoding: ByteBuffer(hex: hex)) }
            #expect(throws: WireError.self) { try ControlResponse(decoding: ByteBuffer(hex: hex)) }
        }
        #expect(throws: WireError.self) { try RibEntry.decodeList(ByteBuffer(hex: "8003690100")) }
    }

    @Test func commandTimesRise() {
        let clock = CommandClock()
        #expect(clock.next(wallClock: 1000) == 1000)
        #expect(clock.next(wallClock: 1000) == 1001)
        #expect(clock.next(wallClock: 500) == 1002)
        #expect(clock.next(wallClock: 2000) == 2000)
    }

    @Test("Times follow a clock that is set back, which is remembered")
    func aClockThatIsSetBack() {
        let clock = CommandClock()
        let hour: UInt64 = 3_600_000
        let times = [10 * hour, 10 * hour + 64_000, 10 * hour + 5, 9 * hour, 9 * hour].map { clock.next(wallClock: $0) }
        #expect(times == [10 * hour, 10 * hour + 64_000, 10 * hour + 64_001, 9 * hour, 9 * hour + 1])
        #expect(clock.setBack(wallClock: 9 * hour) == hour + 64_001)
        #expect(clock.setBack(wallClock: 10 * hour) == nil)
        var error = CommandError(
            action: "register /a", uplink: "unix:///run/nfd.sock", scope: .localhost,
            reason: .rejected(code: 403, text: "authorization rejected"), clockAhead: 3)
        error.clockSetBack = hour
        #expect("\(error)".contains("set back by 3600 s") && "\(error)".contains("restart the forwarder"))
    }

    @Test func errorsNamePrefixCodeTextAndRemedy() throws {
        let prefix = try Name(uri: "/example/docker")
        func text(_ reason: CommandError.Reason, _ scope: ManagementScope) -> String {
            "\(CommandError(action: "register \(prefix)", uplink: "udp4://192.0.2.1:6363", scope: scope, reason: reason))"
        }
        let refused = text(.rejected(code: 403, text: "authorization rejected"), .localhop)
        for part in [
            "/example/docker", "udp4://192.0.2.1:6363", "403 authorization rejected", "clock", "localhop_security",
        ] {
            #expect(refused.contains(part))
        }
        #expect(text(.rejected(code: 414, text: "too long"), .localhost).contains("32 components"))
        #expect(text(.timeout, .localhost).contains("check that the forwarder runs"))
        #expect(text(.timeout, .localhop).contains("localhop_security"))
        let nack = text(.nack(.noRoute), .localhop)
        #expect(nack.contains("localhop_security") && nack.contains("registry-ndn forwarder"))
        #expect(!nack.contains("\(Setting.registration)"), "an option of the server alone")
        var ofServer = CommandError(
            action: "register /a", uplink: "udp4://192.0.2.1:6363", scope: .localhop, reason: .nack(.noRoute))
        ofServer.isOfServer = true
        #expect("\(ofServer)".contains("\(Setting.listener) udp:"))
    }
}
