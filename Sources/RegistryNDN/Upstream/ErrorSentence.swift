internal import NDN
internal import NIOCore
internal import NIOHTTP1
internal import ServiceLifecycle

/// What people are told about an error, whoever made it: libraries describe theirs for those who have the source.
package enum ErrorSentence {
    /// The modules whose errors say themselves what went wrong.
    private static let ours: Set<String> = [
        "NDN", "NDNForwarder", "RegistryNDN", "registry_ndn", "Tools", "ArgumentParser",
    ]

    /// A phrase that can follow a colon.
    package static func of(_ error: any Error) -> String {
        switch error {
        case HTTPParserError.invalidEOFState: "what came ends in the middle of a message"
        case HTTPParserError.invalidContentLength, HTTPParserError.unexpectedContentLength:
            "its Content-Length is no number of bytes, or contradicts another field"
        case HTTPParserError.invalidStatus: "its status is no number of three digits"
        case is HTTPParserError, is ByteToMessageDecoderError: "what came is not HTTP/1.1"
        case is ServiceGroupError: "a part of the program ended before its time"
        default: NetworkErrorSentence.of(error) ?? other(error)
        }
    }

    private static func other(_ error: any Error) -> String {
        let module = String(reflecting: type(of: error)).prefix { $0 != "." }
        return ours.contains(String(module)) ? "\(error)" : "it failed for a reason unknown here (\(type(of: error)))"
    }
}
