import Foundation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Unix sockets") struct UnixSocketFileTests {
    /// A program that accepts nobody is there all the same, and nobody waits for it.
    @Test func whetherAProgramListens() throws {
        let path = "\(FileManager.default.temporaryDirectory.path)/ndn-\(UUID().uuidString.prefix(8)).sock"
        #expect(UnixSocketFile.knock(at: path) == ENOENT)
        let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        try #require(listener >= 0)
        defer { _ = unsafe unlink(path) }
        let address = try SocketAddress(unixDomainSocketPath: path)
        try #require(unsafe address.withSockAddr { unsafe bind(listener, $0, socklen_t($1)) } == 0)
        #expect(UnixSocketFile.knock(at: path) == ECONNREFUSED)
        try #require(listen(listener, 0) == 0)
        for _ in 0..<3 { #expect(UnixSocketFile.knock(at: path) == 0) }
        close(listener)
        #expect(UnixSocketFile.knock(at: path) == ECONNREFUSED)
    }
}
