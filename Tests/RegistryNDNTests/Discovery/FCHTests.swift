import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Discovery: NDN-FCH")
struct FCHTests {
    private func query(_ url: String) throws -> FCHQuery { try FCHQuery(url: url) }

    private func routers(_ text: String, type: String? = "text/plain") throws -> [String] {
        try FCHAnswer.routers(contentType: type, body: ByteBuffer(string: text)).map { "\($0.uri)" }
    }

    @Test func theQuestion() throws {
        var query = try query("http://fch.example/")
        #expect(query.target == "/?cap=udp&k=4")
        query.count = 2
        query.capabilities = ["udp", "a&b"]
        query.position = FCHQuery.Position(latitude: -50.5, longitude: 4.25)
        #expect(query.target == "/?cap=udp&cap=a%26b&k=2&lat=-50.5&lon=4.25")
        #expect(try self.query("http://fch.example/routers?network=ndn").target == "?network=ndn&cap=udp&k=4")
        #expect(FCHQuery.Position(latitude: 91, longitude: 0) == nil)
        #expect(throws: UpstreamError.self) { try self.query("ftp://fch.example/") }
        #expect(throws: UpstreamError.self) { try self.query("http://fch.example/?a b") }
    }

    @Test(arguments: Vector.of("fch").filter { $0.expect["routers"] != .null })
    func vectors(_ vector: Vector) throws {
        let routers = try FCHAnswer.routers(contentType: vector.expect["content_type"].string, body: vector.wire)
        #expect(routers.map { "\($0.uri.host):\($0.uri.port)" } == vector.expect["routers"].strings)
        #expect(routers.allSatisfy { $0.uri.scheme == .udp })
        let prefix = try vector.expect["prefix"].string.map { try Name(uri: $0) }
        #expect(routers.allSatisfy { $0.prefix == prefix })
    }

    @Test func theTextFormAsServersWriteIt() throws {
        #expect(try routers("a.example,b.example:16363\r\n") == ["udp://a.example:6363", "udp://b.example:16363"])
        #expect(
            try routers("\"192.0.2.1\", \"[2001:db8::1]:6363\"\n") == [
                "udp://192.0.2.1:6363", "udp://[2001:db8::1]:6363",
            ])
        #expect(try routers("") == [])
        #expect(try routers("\n") == [])
        #expect(try routers("wss://a.example/ws,b.example", type: nil) == ["udp://b.example:6363"])
        #expect(throws: DiscoveryError.self) { try routers("<html>log in</html>", type: "text/html") }
        #expect(throws: DiscoveryError.self) {
            try FCHAnswer.routers(contentType: nil, body: ByteBuffer(bytes: [0xff, 0xfe]))
        }
    }

    @Test func theJSONForm() throws {
        let json = """
            {"routers":[{"transport":"wss","connect":"wss://a.example/ws/","prefix":"/a"},
             {"transport":"tcp","connect":"b.example:6364","prefix":"nonsense"},
             {"transport":"udp","connect":"c.example:0"}, {"transport":"udp","connect":"/etc/passwd"},
             {"transport":"udp","connect":"d.example","prefix":"/d"}]}
            """
        let found = try FCHAnswer.routers(
            contentType: "Application/JSON; charset=utf-8", body: ByteBuffer(string: json))
        #expect(found.map { "\($0.uri)" } == ["tcp://b.example:6364", "udp://d.example:6363"])
        #expect(found.map(\.prefix) == [nil, try Name(uri: "/d")])
        for broken in ["", "{}", "[]", "{\"routers\":7}", "{\"routers\":[{}]}", "<html>"] {
            #expect(throws: DiscoveryError.self) { try routers(broken, type: "application/json") }
        }
    }

    @Test func theCacheRemembersOneAnswerToOneQuestion() throws {
        let base = FileManager.default.temporaryDirectory.appendingPathComponent("fch-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: base) }
        let cache = RouterCache(folder: base + "/registry-ndn")
        #expect(cache.read(key: "q") == [])
        let routers = [
            Router(uri: try FaceURI("udp://a.example:6363"), prefix: try Name(uri: "/a/%00 b")),
            Router(uri: try FaceURI("tcp4://192.0.2.1:6363")),
        ]
        try cache.write(routers, key: "q")
        #expect(cache.read(key: "q") == routers)
        #expect(cache.read(key: "other") == [])
        try cache.write(Array(routers.dropFirst()), key: "q")
        #expect(cache.read(key: "q") == Array(routers.dropFirst()))
        try Data("q\nnonsense\nudp://b.example:1\n".utf8).write(
            to: URL(fileURLWithPath: base + "/registry-ndn/routers"))
        #expect(cache.read(key: "q").map { "\($0.uri)" } == ["udp://b.example:1"])
        #expect(throws: DiscoveryError.self) { try RouterCache(folder: "/proc/nothing/here").write(routers, key: "q") }
    }

    @Test(.timeLimit(.minutes(1))) func aServiceThatIsDownIsReplacedByItsLastAnswer() async throws {
        let base = FileManager.default.temporaryDirectory.appendingPathComponent("fch-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: base) }
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n192.0.2.1:17\n"
        let status = Mutexed("")
        let server = try await RawHTTPServer { _, channel in
            channel.writeAndFlush(ByteBuffer(string: status.value.isEmpty ? answer : status.value), promise: nil)
        }
        func service(_ cache: RouterCache?) throws -> FCHService {
            FCHService(
                query: try FCHQuery(url: server.url), cache: cache, group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        let cache = RouterCache(folder: base)
        let expected = [Router(uri: try FaceURI("udp://192.0.2.1:17"))]
        #expect(try await service(cache).routers() == expected)
        #expect(server.requests.first?.uri == "/?cap=udp&k=4")
        #expect(server.requests.first?.fields["accept"] == "application/json")
        status.value = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"
        #expect(try await service(cache).routers() == expected)
        await #expect(throws: DiscoveryError.self) { try await service(nil).routers() }
        try await server.close()
        #expect(try await service(cache).routers() == expected)
        do {
            _ = try await service(nil).routers()
            Issue.record("found routers without a service")
        } catch {
            #expect(
                "\(error)".contains("\(RegistrySetting.router)")
                    && "\(error)".contains("\(RegistrySetting.routerService)"))
        }
    }
}
