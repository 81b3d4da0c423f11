import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct ErrorSentenceTests {
    /// What only those understand who have the source of the libraries.
    private static let foreign = ["NIO", "errno", "Error(", "Optional", "(errno", "bind(", "Swift.", "ChannelError"]

    private struct Unknown: Error {}

    @Test(
        arguments: [
            (IOError(errnoCode: ECONNREFUSED, reason: "connect(descriptor:addr:size:)"), "Connection refused"),
            (IOError(errnoCode: EMFILE, reason: "socket"), "ulimit -n"),
            (ChannelError.connectTimeout(.seconds(5)), "no answer within 5 s"),
            (ChannelError.ioOnClosedChannel, "the connection was closed"),
            (ChannelError.eof, "the connection was closed"),
            (HTTPParserError.invalidStatus, "its status"), (HTTPParserError.invalidContentLength, "its Content-Length"),
            (HTTPParserError.invalidVersion, "not HTTP/1.1"),
            (ByteToMessageDecoderError.leftoverDataWhenDone(ByteBuffer()), "not HTTP/1.1"),
            (CancellationError(), "nobody waits"),
            (EventLoopError.shutdown, "the program is ending"),
            (
                UpstreamError(.connect, "cannot connect", underlying: ChannelError.alreadyClosed),
                "cannot connect: the connection"
            ),
            (FaceError(.closed, "the face is closed"), "the face is closed"),
            (
                RequestBodyFailure.silent(seconds: 600, hasBegun: false),
                "did not begin within 600 s; \(RegistrySetting.stallTimeout)"
            ),
            (RequestBodyFailure.slow(rate: 1000), "1000 bytes a second"),
        ] as [(any Error, String)])
    func anErrorIsToldInWords(error: any Error, words: String) {
        let text = ErrorSentence.of(error)
        #expect(text.contains(words))
        #expect(!Self.foreign.contains { text.contains($0) }, "\(text)")
    }

    @Test func anUnknownOneKeepsItsKind() {
        #expect(ErrorSentence.of(Unknown()) == "it failed for a reason unknown here (Unknown)")
    }

    @Test(arguments: [EADDRINUSE, EACCES, EADDRNOTAVAIL, EINVAL])
    func whatCannotBeListenedAtIsToldWithWhatToDo(number: CInt) {
        let error = IOError(errnoCode: number, reason: "bind(descriptor:ptr:bytes:)")
        let text = "\(ListenError(host: "192.0.2.1", port: 80, error))"
        #expect(text.contains("192.0.2.1") && !Self.foreign.contains { text.contains($0) }, "\(text)")
    }

    @Test func whereAnotherRegistryListensTheNextPortIsProposed() {
        let error = IOError(errnoCode: EADDRINUSE, reason: "bind")
        let text = "\(ListenError(host: "127.0.0.1", port: 5000, error))"
        #expect(text.contains("\(Setting.listener) 127.0.0.1:5050") && text.contains("docker-registry"))
        #expect("\(ListenError(host: "::1", port: 5000, error))".contains("\(Setting.listener) [::1]:5050"))
        #expect("\(ListenError(host: "127.0.0.1", port: 5050, error))".contains("\(Setting.listener) 127.0.0.1:0"))
        let other = "\(ListenError(host: "127.0.0.1", port: 9100, setting: .admin, error))"
        #expect(other.contains("\(RegistrySetting.admin) 127.0.0.1:0") && !other.contains("\(Setting.listener)"))
    }

    @Test func aConnectionThatFailedAtEveryAddressSaysWhy() async throws {
        do {
            _ = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: 1).get()
            Issue.record("somebody listens at port 1")
        } catch {
            #expect(ErrorSentence.of(error) == "Connection refused")
        }
    }
}
