internal import Synchronization

/// A setting that messages name since it mends what they tell of.
///
/// The library knows a setting by what it is for. The program says once, before anything else runs, how its users give each
/// one, and messages then say it in these words.
package enum Setting: String, CaseIterable, Sendable, CustomStringConvertible {
    case memory = "the memory limit"
    case stallTimeout = "the stall timeout"
    case fallback = "the fallback policy"
    case listener = "the address to listen at"
    case hosts = "the list of this endpoint's host names"
    case credentials = "the credentials"
    case insecurity = "the leave for insecure connections"
    case localRedirects = "the leave for redirects to this machine"
    case authorities = "the file of authorities"
    case certificate = "the file of our certificate"
    case key = "the file of our key"
    case endpointCertificate = "the file of the endpoint's certificate"
    case endpointKey = "the file of the endpoint's key"
    case registry = "the list of registries"
    case registryFile = "the file of registries"
    case pushDefault = "the leave for pushes to the default registry"

    private static let words = Mutex<[Setting: String]>([:])

    /// Says how the program's users give each setting.
    package static func call(_ name: (Setting) -> String) {
        let names = allCases.map { ($0, name($0)) }
        words.withLock { $0 = Dictionary(uniqueKeysWithValues: names) }
    }

    package var description: String { Self.words.withLock { $0[self] } ?? rawValue }
}
