import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder

@Suite("Forwarder: faces to other hosts")
struct FaceManagementTests {
    /// Who owns the sockets: faces that were made, and numbers of those that were to be closed.
    private final class Owner {
        var made: [FaceStatus] = []
        var closed: [UInt64] = []
    }

    private let owner = Owner()

    private func script(limits: ForwardingCore.Limits = .init()) -> ForwardingScript {
        let script = ForwardingScript(limits: limits)
        let owner = owner
        script.core.setFaceMaking(
            FaceMaking(
                list: { owner.made },
                make: { peer, persistency in
                    var status = FaceStatus()
                    status.faceID = 300 + UInt64(owner.made.count)
                    status.remoteURI = "\(peer)"
                    status.persistency = persistency
                    owner.made.append(status)
                    return status
                }, close: { owner.closed.append($0) }))
        return script
    }

    private func command(
        _ script: ForwardingScript, _ verb: String, from face: UInt64 = 1, scope: ManagementScope = .localhost,
        _ set: (inout ControlParameters) -> Void
    ) throws -> ControlResponse? {
        var parameters = ControlParameters()
        set(&parameters)
        let parts = verb.split(separator: "/").map(String.init)
        let command = ManagementCommand(scope: scope, module: parts[0], verb: parts[1], parameters: parameters)
        script.interest(try command.signed(by: .digest, clock: CommandClock()), from: face)
        guard let first = script.sent.first, let data = try? DataPacket(decoding: first.packet) else { return nil }
        return try ControlResponse(decoding: data.content)
    }

    @Test func aFaceIsMadeOnceAndKeepsItsRoute() throws {
        let script = script()
        let made = try #require(
            try command(script, "faces/create") {
                $0.uri = "udp4://192.0.2.1:6363"
                $0.facePersistency = 2
            })
        #expect(made.code == 200)
        #expect(made.body?.faceID == 300 && made.body?.uri == "udp4://192.0.2.1:6363")
        #expect(made.body?.facePersistency == 2 && made.body?.flags == 0)
        let again = try command(script, "faces/create") { $0.uri = "udp4://192.0.2.1:6363" }
        #expect(again?.code == 409 && again?.body?.faceID == 300)
        let registered = try command(script, "rib/register") {
            $0.name = try? Name(uri: "/a")
            $0.faceID = 300
            $0.origin = RouteOrigin.staticRoute
        }
        #expect(registered?.code == 200)
        #expect(try script.interest(Packets.interest("/a/1"), from: 5) == ["N 5 /a/1 noRoute nonce 1"], "not up yet")
        script.core.changeFace(300, isUp: true, isLocal: false, isReached: false, now: script.now)
        #expect(try script.interest(Packets.interest("/a/1"), from: 5) == ["I 300 /a/1 nonce 1"])
        #expect(try command(script, "faces/destroy") { $0.faceID = 300 }?.code == 200)
        #expect(try command(script, "faces/destroy") { $0.faceID = 999 }?.code == 200, "as with NFD")
        #expect(owner.closed == [300, 999])
    }

    @Test(
        arguments: [
            (nil, 0, 400), ("udp://192.0.2.1:6363", 0, 400), ("udp4://server.example:6363", 0, 400),
            ("udp4://192.0.2.1", 0, 400), ("udp6://192.0.2.1:6363", 0, 400), ("udp4://192.0.2.1:0", 0, 400),
            ("ether://[01:00:5e:00:17:aa]", 0, 406), ("unix:///run/x.sock", 0, 406), ("", 0, 406),
            ("udp4://224.0.23.170:56363", 0, 406), ("udp6://[ff02::1234]:56363", 0, 406),
            ("tcp4://0.0.0.0:6363", 0, 406),
            ("tcp4://192.0.2.1:6363", 1, 406), ("tcp6://[2001:db8::1]:6363", 0, 200),
        ] as [(String?, UInt64, UInt64)])
    func whatCannotBeMadeIsRefused(_ uri: String?, _ persistency: UInt64, _ code: UInt64) throws {
        let script = script()
        let answer = try command(script, "faces/create") {
            $0.uri = uri
            $0.facePersistency = persistency
        }
        #expect(answer?.code == code)
        #expect(owner.made.isEmpty == (code != 200))
    }

    @Test func onlyProgramsOfThisMachineMakeFaces() throws {
        let script = script()
        for scope in [ManagementScope.localhost, .localhop] {
            #expect(
                try command(script, "faces/create", from: 5, scope: scope) { $0.uri = "udp4://192.0.2.1:6363" } == nil)
        }
        #expect(owner.made.isEmpty)
    }

    @Test func whatAProgramHadMadeIsForAllAndTheOperatorsIsNot() throws {
        let script = script()
        #expect(try command(script, "faces/create", from: 2) { $0.uri = "udp4://192.0.2.1:6363" }?.code == 200)
        #expect(try command(script, "faces/create", from: 1) { $0.uri = "udp4://192.0.2.2:6363" }?.code == 200)
        func register(_ target: UInt64) throws -> UInt64? {
            try command(script, "rib/register", from: 3) {
                $0.name = try? Name(uri: "/a")
                $0.faceID = target
            }?.code
        }
        #expect(try register(300) == 200)
        #expect(try register(301) == 403)
        #expect(try command(script, "faces/destroy", from: 3) { $0.faceID = 301 }?.code == 403)
        #expect(try command(script, "faces/destroy", from: 3) { $0.faceID = 2 }?.code == 403)
        #expect(owner.closed == [])
        #expect(try command(script, "faces/destroy", from: 3) { $0.faceID = 300 }?.code == 200)
    }

    @Test func theirNumberIsBounded() throws {
        var limits = ForwardingCore.Limits()
        limits.keptFaces = 4
        let script = script(limits: limits)
        func make(_ host: Int, from face: UInt64) throws -> UInt64? {
            try command(script, "faces/create", from: face) { $0.uri = "udp4://192.0.2.\(host):6363" }?.code
        }
        #expect(try (1...3).map { try make($0, from: 2) } == [200, 200, 500], "half of them are the operator's")
        #expect(try (4...6).map { try make($0, from: 1) } == [200, 200, 500])
        script.core.removeFace(300)
        #expect(try make(7, from: 2) == 200)
    }
}
