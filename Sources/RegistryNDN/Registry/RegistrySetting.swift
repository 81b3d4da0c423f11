internal import NDN

/// A setting of the client or the server that messages name, since it mends what they tell of. ``Setting`` has those of the NDN
/// library.
package enum RegistrySetting: String, CaseIterable, Sendable, CustomStringConvertible {
    case upstream = "the upstream"
    case stallTimeout = "the stall timeout"
    case fallback = "the fallback policy"
    case router = "the router"
    case routerService = "the service that names routers"
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
    case admin = "the address for metrics, probes and the page"
    case adminHosts = "the list of host names of the page"
    case pushDefault = "the leave for pushes to the default registry"

    package var description: String { SettingWords.word(for: rawValue) }
}
