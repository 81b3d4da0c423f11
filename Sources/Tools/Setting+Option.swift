import NDN

extension Setting {
    /// The option that gives the setting, as messages name it.
    var option: String {
        switch self {
        case .memory: "--memory"
        case .stallTimeout: "--stall-timeout"
        case .fallback: "--fallback"
        case .listener: "--listen"
        case .hosts: "--host"
        case .credentials: "--credentials"
        case .insecurity: "--insecure"
        case .localRedirects: "--local-redirects"
        case .authorities: "--ca-file"
        case .certificate: "--cert"
        case .key: "--key"
        case .endpointCertificate: "--tls-cert"
        case .endpointKey: "--tls-key"
        case .registry: "--mirror"
        case .registryFile: "--mirrors"
        case .pushDefault: "--push-default"
        }
    }
}
