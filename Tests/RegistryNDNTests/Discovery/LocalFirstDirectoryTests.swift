import NIOCore
import Synchronization
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("this machine's forwarder before other routers")
struct LocalFirstDirectoryTests {
    private struct Others: RouterDirectory {
        let answer: Result<[Router], DiscoveryError>

        func routers() async throws(DiscoveryError) -> [Router] { try answer.get() }
    }

    private static let local = FaceURI(path: "/run/registry-ndn.sock")
    private static let far = Router(uri: FaceURI(scheme: .udp, family: nil, host: "router.example", port: 6363))

    @Test("a forwarder that is there is the only router")
    func there() async throws {
        let directory = LocalFirstDirectory(patience: .zero, others: Others(answer: .success([Self.far]))) {
            Self.local
        }
        #expect(try await directory.routers() == [Router(uri: Self.local)])
    }

    @Test("a forwarder that comes within the patience is waited for")
    func late() async throws {
        let looks = Mutex(0)
        let directory = LocalFirstDirectory(patience: .hours(1), others: Others(answer: .success([Self.far]))) {
            looks.withLock { looks in
                looks += 1
                return looks == 3 ? Self.local : nil
            }
        }
        #expect(try await directory.routers() == [Router(uri: Self.local)])
    }

    @Test("without a forwarder others are asked, and their error says that there was none")
    func none() async throws {
        let others = LocalFirstDirectory(patience: .zero, others: Others(answer: .success([Self.far]))) { nil }
        #expect(try await others.routers() == [Self.far])
        let nobody = LocalFirstDirectory(patience: .zero, others: Others(answer: .failure(.init("nobody knows any")))) {
            nil
        }
        let error = await #expect(throws: DiscoveryError.self) { try await nobody.routers() }
        #expect(error?.description == "no forwarder runs on this machine, and nobody knows any")
    }
}
