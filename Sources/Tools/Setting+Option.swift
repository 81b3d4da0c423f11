import NDN
import RegistryNDN

extension SettingWords {
    /// Has the libraries' messages name the program's options.
    static func callOptions() {
        let all = Setting.allCases.map { ($0.rawValue, $0.option) }
        let ofRegistries = RegistrySetting.allCases.map { ($0.rawValue, $0.option) }
        call(Dictionary(uniqueKeysWithValues: all + ofRegistries))
    }
}

extension Setting {
    /// The option that gives the setting, as messages name it.
    var option: String {
        switch self {
        case .memory: "--memory"
        case .keychain: "--keychain"
        case .mtu: "--mtu"
        case .listener: "--listen"
        case .uplink: "--uplink"
        case .registration: "--register"
        case .routedFace: "--face"
        case .staticRoute: "--route"
        }
    }
}

extension RegistrySetting {
    /// The same.
    var option: String {
        switch self {
        case .upstream: "--upstream"
        case .stallTimeout: "--stall-timeout"
        case .fallback: "--fallback"
        case .router: "--router"
        case .routerService: "--fch-url"
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
        case .admin: "--admin"
        case .adminHosts: "--admin-host"
        case .pushDefault: "--push-default"
        }
    }
}
