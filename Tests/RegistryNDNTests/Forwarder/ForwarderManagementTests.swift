import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: management")
struct ForwarderManagementTests {
    private func command(_ verb: String, _ parameters: ControlParameters) throws -> Interest {
        try ManagementCommand(scope: .localhost, module: "rib", verb: verb, parameters: parameters)
            .signed(by: .digest, clock: .shared)
    }

    private func parameters(_ prefix: String, face: UInt64? = nil) throws -> ControlParameters {
        var parameters = ControlParameters(name: try Name(uri: prefix))
        parameters.faceID = face
        return parameters
    }

    private func response(_ script: ForwardingScript) throws -> ControlResponse {
        try ControlResponse(decoding: try DataPacket(decoding: try #require(script.sent.first).packet).content)
    }

    @Test func registerAndUnregister() throws {
        let script = ForwardingScript()
        var wanted = try parameters("/a")
        wanted.origin = 65
        wanted.expirationPeriod = 60000
        let interest = try command("register", wanted)
        #expect(script.interest(interest, from: 2, token: 5).first?.hasSuffix("token 5") == true)
        let data = try DataPacket(decoding: try #require(script.sent.first).packet)
        #expect(data.name == interest.name)
        #expect(data.freshnessMilliseconds == 1000)
        let done = try response(script)
        #expect(done.code == 200)
        #expect(done.body?.faceID == 2)
        #expect(done.body?.origin == 65)
        #expect(done.body?.flags == 1)
        #expect(try script.interest(Packets.interest("/a/1"), from: 5) == ["I 2 /a/1 nonce 1"])
        script.interest(try command("unregister", parameters("/a")), from: 2)
        #expect(try response(script).code == 200)
        #expect(script.core.hasRoute(to: 2), "another origin")
        script.interest(try command("unregister", wanted), from: 2)
        #expect(!script.core.hasRoute(to: 2))
    }

    @Test func registeredRoutesExpire() throws {
        let script = ForwardingScript()
        var wanted = try parameters("/a")
        wanted.expirationPeriod = 1000
        script.interest(try command("register", wanted), from: 2)
        script.wait(.milliseconds(1001))
        #expect(try script.interest(Packets.interest("/a/1"), from: 5) == ["N 5 /a/1 noRoute nonce 1"])
    }

    @Test func refusalsSayWhy() throws {
        let script = ForwardingScript()
        let cases: [(ControlParameters, UInt64)] = [
            (ControlParameters(), 400), (try parameters("/a", face: 77), 404),
            (try parameters("/localhost/nfd/x"), 403),
            (try parameters("/" + Array(repeating: "x", count: 33).joined(separator: "/")), 414),
        ]
        for (parameters, code) in cases {
            script.interest(try command("register", parameters), from: 1)
            #expect(try response(script).code == code)
        }
        #expect(script.core.routes.count == 0)
    }

    @Test(arguments: ["register", "unregister"]) func onlyRootAndOurUserChangeTheRoutesOfOthers(_ verb: String) throws {
        let script = ForwardingScript()
        try script.route("/a", to: 2)
        let before = script.core.routes.list(now: script.now)
        script.interest(try command(verb, parameters("/a", face: 2)), from: 3)
        #expect(try response(script).code == 403)
        script.interest(try command(verb, parameters("/a", face: 77)), from: 3)
        #expect(try response(script).code == 403, "whether a face exists is not told")
        #expect(script.core.routes.list(now: script.now) == before)
        script.interest(try command(verb, parameters("/a", face: 2)), from: 2)
        #expect(try response(script).code == 200, "its own, by its number")
        script.interest(try command(verb, parameters("/a", face: 2)), from: 1)
        #expect(try response(script).code == 200)
    }

    @Test func whatItHasNotIsSaidToBeUnsupported() throws {
        let script = ForwardingScript()
        func answer(_ module: String, _ verb: String, strategy: String? = nil) throws -> ControlResponse {
            var wanted = try parameters("/a")
            wanted.strategy = try strategy.map { try Name(uri: $0) }
            let command = ManagementCommand(scope: .localhost, module: module, verb: verb, parameters: wanted)
            script.interest(try command.signed(by: .digest, clock: .shared), from: 2)
            return try response(script)
        }
        func ask(_ module: String, _ verb: String, strategy: String? = nil) throws -> UInt64 {
            try answer(module, verb, strategy: strategy).code
        }
        #expect(try ask("strategy-choice", "set", strategy: "/localhost/nfd/strategy/multicast") == 406)
        for strategy in ["/localhost/nfd/strategy/multicast", "/localhost/nfd/strategy/best-route"] {
            let text = try answer("strategy-choice", "set", strategy: strategy).text
            #expect(text.contains("this forwarder has one strategy, best-route, for every prefix"))
        }
        #expect(try answer("strategy-choice", "unset").text.contains("nothing to unset"))
        #expect(try ask("strategy-choice", "set", strategy: "/localhost/nfd/strategy/best-route/v=5") == 200)
        #expect(try ask("strategy-choice", "set") == 400)
        #expect(try ask("strategy-choice", "unset") == 406)
        #expect(try ask("faces", "update") == 406)
        script.interest(try Packets.interest("/localhost/nfd/strategy-choice/list", canBePrefix: true), from: 2)
        let list = try StrategyChoice.decodeList(DataPacket(decoding: try #require(script.sent.first).packet).content)
        #expect(list == [StrategyChoice(name: Name(), strategy: try Name(uri: "/localhost/nfd/strategy/best-route"))])
    }

    @Test func fromOutsideThereIsSilence() throws {
        let script = ForwardingScript()
        #expect(script.interest(try command("register", parameters("/a")), from: 5) == [])
        #expect(!script.core.hasRoute(to: 5))
        #expect(
            try script.interest(Packets.interest("/localhop/nfd/rib/list", canBePrefix: true), from: 5)
                == ["N 5 /localhop/nfd/rib/list noRoute nonce 1"])
    }

    /// A Nack would look like that of an NFD which only has to be configured.
    @Test(arguments: ["register", "unregister"]) func fromOutsideACommandIsRefusedInWords(verb: String) throws {
        let script = ForwardingScript()
        var command = ManagementCommand(
            scope: .localhop, module: "rib", verb: verb, parameters: ControlParameters(name: try Name(uri: "/a")))
        let signed = try command.signed(by: .digest, clock: CommandClock())
        #expect(script.interest(signed, from: 5, token: 7) == ["D 5 \(signed.name.uri) token 7"])
        let answer = try DataPacket(decoding: try #require(script.sent.first).packet)
        let response = try ControlResponse(decoding: answer.content)
        #expect(response.code == 406 && response.text.hasPrefix("registry-ndn forwarder"))
        #expect(answer.wire.readableBytes < 2 * signed.wire.readableBytes)
        #expect(!script.core.hasRoute(to: 5))
        // What is not signed, and what is not about routes, gets the Nack of any name without a route.
        for name in ["/localhop/nfd/rib/\(verb)/a", "/localhop/nfd/faces/create/a"] {
            #expect(try script.interest(Packets.interest(name), from: 5) == ["N 5 \(name) noRoute nonce 1"])
        }
        command.scope = .localhost
        #expect(script.interest(try command.signed(by: .digest, clock: CommandClock()), from: 5) == [])
    }

    @Test func nonsenseGetsSilenceOrANack() throws {
        let script = ForwardingScript()
        for uri in [
            "/localhost/nfd", "/localhost/nfd/rib", "/localhost/nfd/rib/register/junk", "/localhost/nfd/rib/nothing",
        ] {
            #expect(try script.interest(Packets.interest(uri), from: 2) == [])
        }
        #expect(try script.interest(Packets.interest("/localhost/nfd/rib/list"), from: 2) == [], "needs CanBePrefix")
        #expect(
            try script.interest(Packets.interest("/localhost/nfd/cs/info"), from: 2)
                == ["N 2 /localhost/nfd/cs/info noRoute nonce 1"])
    }

    @Test func longDatasetsComeInSegments() throws {
        let script = ForwardingScript()
        for index in 0..<600 { try script.route("/prefix/of/some/length/\(index)", to: 2) }
        let list = try Packets.interest("/localhost/nfd/rib/list", canBePrefix: true, mustBeFresh: true)
        script.interest(list, from: 3)
        let first = try DataPacket(decoding: try #require(script.sent.first).packet)
        let (versioned, number) = try #require(first.name.splitSegment())
        #expect(number == 0)
        #expect(first.finalSegment == nil)
        var content = first.content
        var last: UInt64?
        for segment in 1..<20 as Range<UInt64> where last == nil {
            script.interest(
                try Packets.interest(versioned.appending(.segment(segment)).uri, nonce: UInt32(segment)), from: 3)
            let data = try DataPacket(decoding: try #require(script.sent.first).packet)
            content.writeImmutableBuffer(data.content)
            last = data.finalSegment
        }
        #expect(try RibEntry.decodeList(content) == script.core.routes.list(now: script.now))
        #expect(try script.interest(Packets.interest(versioned.appending(.segment(99)).uri), from: 3) == [])
    }

    @Test func facesAreListed() throws {
        let script = ForwardingScript()
        var status = FaceStatus()
        status.faceID = 3
        let listed = status
        script.core.setFaceMaking(FaceMaking(list: { [listed] }))
        func list() throws -> DataPacket {
            script.interest(try Packets.interest("/localhost/nfd/faces/list", canBePrefix: true), from: 2)
            return try DataPacket(decoding: try #require(script.sent.first).packet)
        }
        let data = try list()
        #expect(try FaceStatus.decodeList(data.content) == [listed])
        #expect(data.finalSegment == 0)
        try script.route("/a", to: 3)
        status.health = .untried
        #expect(try FaceStatus.decodeList(list().content) == [status])
    }
}
